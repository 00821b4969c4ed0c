import sys
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

SUPERGRAPH = Path("tests/integration/server/supergraph.graphql")
COMMANDS = ("up", "serve", "compose", "plan", "subgraph", "new", "version")


def test_help_lists_every_command(run: Any) -> None:
    for arguments in (["--help"], ["-h"], []):
        outcome = run(*arguments)
        assert outcome.status == 0
        assert all(f" {command} " in outcome.out for command in COMMANDS)


@pytest.mark.parametrize("command", ["serve", "compose", "plan", "version"])
def test_every_command_has_help(run: Any, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert f"Usage: hansa {command}" in outcome.out


def test_version_prints_the_version_and_imports_no_other_command(run: Any) -> None:
    assert run("version") == (0, metadata.version("hansa") + "\n", "")


@pytest.mark.parametrize(
    "arguments", [["serve"], ["plan"], ["compose"], ["plan", "--nowhere"], ["version", "x"]]
)
def test_wrong_usage_is_2_with_a_reason(run: Any, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2
    assert outcome.err


def test_a_plan_is_printed(run: Any, tmp_path: Path) -> None:
    operation = tmp_path / "operation.graphql"
    operation.write_text("query A {products {name}} query B {products {reviews {body}}}")
    outcome = run("plan", "--supergraph", SUPERGRAPH, "--operation-name", "A", operation)
    assert outcome.status == 0
    assert 'Fetch(service: "products")' in outcome.out
    assert "reviews" not in outcome.out


def test_a_plan_is_printed_as_json(run: Any, tmp_path: Path) -> None:
    import json

    operation = tmp_path / "operation.graphql"
    operation.write_text("{products {name}}")
    outcome = run("plan", "--supergraph", SUPERGRAPH, "--json", operation)
    assert json.loads(outcome.out)["kind"] == "QueryPlan"


def test_an_operation_is_read_from_standard_input(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("{products {name}}"))
    assert 'Fetch(service: "products")' in run("plan", "--supergraph", SUPERGRAPH, "-").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n  nowhere\n}", "2:3: Cannot query field 'nowhere' on type 'Query'."),
        ("{", "1:2: Syntax Error: Expected Name, found <EOF>."),
        ("query A {__typename} query B {__typename}", "Must provide operation name"),
        ("{a" * 1000 + "}" * 1000, "nested too deeply"),
    ],
)
def test_an_operation_that_cannot_be_planned_is_1_with_its_place(
    run: Any, tmp_path: Path, text: str, message: str
) -> None:
    operation = tmp_path / "operation.graphql"
    operation.write_text(text)
    outcome = run("plan", "--supergraph", SUPERGRAPH, operation)
    assert outcome.status == 1
    assert message in outcome.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "type Query {",
            "supergraph.graphql:1:13: INVALID_GRAPHQL: Syntax Error: Expected Name, found <EOF>.",
        ),
        ("type Query {a: Int}", "INVALID_FEDERATION_SUPERGRAPH"),
        ("\xff", "INVALID_GRAPHQL"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "plan"])
def test_a_bad_supergraph_is_2_with_the_reason_and_its_place(
    run: Any, tmp_path: Path, command: str, text: str, message: str
) -> None:
    file = tmp_path / "supergraph.graphql"
    file.write_text(text)
    operation = [SUPERGRAPH] if command == "plan" else ["--listen", "127.0.0.1:0"]
    outcome = run(command, "--supergraph", file, *operation)
    assert outcome.status == 2
    assert message in outcome.err


@pytest.mark.parametrize("command", ["serve", "plan"])
def test_a_file_that_cannot_be_read_is_2(run: Any, tmp_path: Path, command: str) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff")
    operation = [SUPERGRAPH] if command == "plan" else []
    for file, message in (
        (tmp_path / "missing", "No such file"),
        (tmp_path, "Is a directory"),
        (binary, "not UTF-8"),
    ):
        outcome = run(command, "--supergraph", file, *operation)
        assert outcome.status == 2
        assert message in outcome.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--listen", "nowhere"], "`nowhere` is not an address of the form HOST:PORT"),
        (["--config", "missing.yaml"], "missing.yaml:1: Cannot be read: No such file"),
        (["--config", "{folder}/router.yaml"], "router.yaml:2: Unknown key `liste`; did you mean `listen`?"),
        (["--config", "{folder}/override.yaml"], "names 'prodcts', which the supergraph does not have"),
    ],
)
def test_serving_with_a_wrong_setting_is_2_with_the_reason(
    run: Any, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "router.yaml").write_text("supergraph:\n  liste: 127.0.0.1:1\n")
    (tmp_path / "override.yaml").write_text(
        "supergraph: {listen: '127.0.0.1:0'}\noverride_subgraph_url: {prodcts: http://127.0.0.1:1}\n"
    )
    outcome = run(
        "serve", "--supergraph", SUPERGRAPH, *(option.format(folder=tmp_path) for option in options)
    )
    assert outcome.status == 2
    assert message in outcome.err


def test_a_supergraph_of_subgraphs_that_are_not_here_is_2(run: Any) -> None:
    outcome = run("serve", "--supergraph", SUPERGRAPH, "--listen", "127.0.0.1:0")
    assert outcome.status == 2
    assert "no application 'products' in this process" in outcome.err
