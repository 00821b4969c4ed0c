import json
from pathlib import Path
from typing import Any

import pytest

from gateway.composition import Subgraph, compose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.graphql").write_text(supergraph("type Query { a: Int b(x: Int): Int }"))
    (tmp_path / "new.graphql").write_text(supergraph("type Query { b(x: Int, y: Int): Int c: Int }"))
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "a.graphql").write_text("query UsesA { a }")
    (tmp_path / "operations" / "b.graphql").write_text("query UsesB { b }")
    return tmp_path


def supergraph(sdl: str) -> str:
    return str(compose([Subgraph(name="a", sdl=sdl)]).supergraph_sdl)


def test_changes_are_listed_and_breaking_ones_are_1(run: Any, folder: Path) -> None:
    outcome = run("check", folder / "old.graphql", folder / "new.graphql")
    assert outcome.status == 1
    assert outcome.out.splitlines() == [
        "breaking   FIELD_REMOVED: Field Query.a was removed.",
        "dangerous  OPTIONAL_ARG_ADDED: An optional argument Query.b(y:) was added.",
        "safe       FIELD_ADDED: Field Query.c was added.",
        "Changes: 1 breaking, 1 dangerous, 1 safe",
    ]


def test_a_supergraph_that_only_grows_is_0(run: Any, folder: Path) -> None:
    (folder / "new.graphql").write_text(supergraph("type Query { a: Int b(x: Int): Int c: Int }"))
    outcome = run("check", folder / "old.graphql", folder / "new.graphql")
    assert (outcome.status, outcome.err) == (0, "")


def test_only_what_given_operations_use_is_breaking(run: Any, folder: Path) -> None:
    files = (folder / "old.graphql", folder / "new.graphql", "--operations")
    assert run("check", *files, folder / "operations" / "b.graphql").status == 0
    outcome = run("check", *files, folder / "operations")
    assert outcome.status == 1
    assert "Field Query.a was removed. (used by UsesA)" in outcome.out


def test_changes_are_printed_as_json(run: Any, folder: Path) -> None:
    outcome = run(
        "check",
        folder / "old.graphql",
        folder / "new.graphql",
        "--operations",
        folder / "operations",
        "--json",
    )
    assert outcome.status == 1
    assert json.loads(outcome.out)["changes"][0] == {
        "level": "BREAKING",
        "type": "FIELD_REMOVED",
        "coordinate": "Query.a",
        "message": "Field Query.a was removed.",
        "operations": ["UsesA"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ nope }", "x.graphql:1:3: Cannot query field 'nope' on type 'Query'"),
        ("{", "x.graphql:1:2: Syntax Error"),
        ("{a" * 5000, "nested too deeply"),
    ],
)
def test_operations_that_are_not_valid_are_2_with_their_place(
    run: Any, folder: Path, text: str, message: str
) -> None:
    (folder / "x.graphql").write_text(text)
    outcome = run(
        "check", folder / "old.graphql", folder / "new.graphql", "--operations", folder / "x.graphql"
    )
    assert outcome.status == 2
    assert message in outcome.err


def test_files_that_cannot_be_read_are_2(run: Any, folder: Path) -> None:
    assert run("check", folder / "missing", folder / "new.graphql").status == 2
    (folder / "empty").mkdir()
    outcome = run("check", folder / "old.graphql", folder / "new.graphql", "--operations", folder / "empty")
    assert outcome.status == 2
    assert "has no .graphql files" in outcome.err
