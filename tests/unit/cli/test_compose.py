import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.report import report
from gateway.composition import CompositionError, CompositionHint, CompositionResult, SourceLocation
from gateway.supergraph import Supergraph

PRODUCTS = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
type Query { products: [Product!]! }
type Product @key(fields: "id") { id: ID! name: String! }
"""
REVIEWS = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
type Product @key(fields: "id") { id: ID! reviews: [String!] }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "products.graphql").write_text(PRODUCTS)
    indented = REVIEWS.replace("\n", "\n        ")
    (tmp_path / "supergraph.yaml").write_text(
        f"""
federation_version: =2.11.0
subgraphs:
  products:
    routing_url: http://products/graphql
    schema:
      file: ./schemas/products.graphql
  reviews:
    routing_url: http://reviews/graphql
    schema:
      sdl: |{indented}
"""
    )
    return tmp_path


def test_the_supergraph_is_printed(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    outcome = run("compose", "--config", folder / "supergraph.yaml")
    assert outcome.status == 0
    subgraphs = Supergraph.from_sdl(outcome.out).subgraphs
    assert {name: subgraph.url for name, subgraph in subgraphs.items()} == {
        "products": "http://products/graphql",
        "reviews": "http://reviews/graphql",
    }


def test_the_supergraph_is_written_to_a_file(run: Any, folder: Path) -> None:
    output = folder / "out.graphql"
    printed = run("compose", "--config", folder / "supergraph.yaml").out
    outcome = run("compose", "--config", folder / "supergraph.yaml", "--output", output)
    assert (outcome.status, outcome.out) == (0, "")
    assert output.read_text() == printed
    assert not list(folder.glob("*.part"))


def test_an_output_that_cannot_be_written_is_2(run: Any, folder: Path) -> None:
    outcome = run(
        "compose", "--config", folder / "supergraph.yaml", "--output", folder / "missing" / "out.graphql"
    )
    assert outcome.status == 2
    assert "out.graphql cannot be written: No such file or directory" in outcome.err


def test_schemas_that_do_not_compose_are_1_and_write_nothing(run: Any, folder: Path) -> None:
    (folder / "schemas" / "products.graphql").write_text(PRODUCTS.replace("name: String!", "reviews: Int"))
    output = folder / "out.graphql"
    outcome = run("compose", "--config", folder / "supergraph.yaml", "--output", output)
    assert outcome.status == 1
    assert "error[FIELD_TYPE_MISMATCH]: " in outcome.err
    assert "--> products:4:" in outcome.err
    assert not output.exists()


def test_the_result_is_printed_as_json(run: Any, folder: Path) -> None:
    outcome = run("compose", "--config", folder / "supergraph.yaml", "--json")
    found = json.loads(outcome.out)
    assert (outcome.status, outcome.err) == (0, "")
    assert found["supergraph_sdl"] == run("compose", "--config", folder / "supergraph.yaml").out
    assert "reviews: [String!]" in found["api_schema_sdl"]
    assert (found["errors"], found["hints"]) == ([], [])


def test_errors_are_printed_as_json(run: Any, folder: Path) -> None:
    (folder / "schemas" / "products.graphql").write_text(PRODUCTS.replace("name: String!", "reviews: Int"))
    outcome = run("compose", "--config", folder / "supergraph.yaml", "--json")
    found = json.loads(outcome.out)
    assert (outcome.status, found["supergraph_sdl"]) == (1, None)
    mismatch = next(each for each in found["errors"] if each["code"] == "FIELD_TYPE_MISMATCH")
    assert mismatch["coordinate"] == "Product.reviews"
    assert mismatch["locations"][0] == {"subgraph": "products", "line": 4, "column": 43}


def test_watching_composes_again_after_each_change(
    run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    products, output = folder / "schemas" / "products.graphql", folder / "out.graphql"
    seen = []
    saves = [
        lambda: products.write_text(PRODUCTS.replace("name: String!", "")),
        lambda: None,
        products.unlink,
        lambda: (folder / "supergraph.yaml").write_text("{"),
    ]

    def wait(_: float) -> None:
        seen.append(output.read_text() if output.exists() else "")
        output.unlink(missing_ok=True)
        if not saves:
            raise KeyboardInterrupt
        saves.pop(0)()

    monkeypatch.setattr("gateway.cli.compose.time.sleep", wait)
    outcome = run("compose", "--config", folder / "supergraph.yaml", "--output", output, "--watch")
    assert ["name" in text.partition("type Product")[2] for text in seen] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert [bool(text) for text in seen] == [True, True, False, False, False]
    assert "products.graphql:1: Cannot be read: No such file" in outcome.err
    assert "supergraph.yaml:1: Not YAML" in outcome.err
    assert outcome.status == 130


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subgraphs: {a: {}}", "missing required field `schema`"),
        (
            "subgraphs:\n  a:\n    routing_url: u\n    shema: {}",
            "supergraph.yaml:4: Unknown key `shema`; did you mean `schema`?",
        ),
        (
            "subgraphs:\n  a:\n    schema: {sdl: x}",
            "supergraph.yaml:2: The subgraph `a` needs a `routing_url`",
        ),
        (
            "subgraphs:\n  a:\n    routing_url: u\n    schema: {}",
            "supergraph.yaml:2: The schema of `a` takes exactly one of",
        ),
        (
            "subgraphs:\n  a:\n    routing_url: u\n    schema: {file: missing}",
            "missing:1: Cannot be read: No such file",
        ),
        ("subgraphs:\n  a:\n    schema: {subgraph_url: 'ftp://x'}", "expected http://"),
        (
            "subgraphs:\n  a:\n    schema: {subgraph_url: 'http://127.0.0.1:1'}",
            "does not answer: connection refused",
        ),
        ("federation_version: 1\nsubgraphs: {}", "supergraph.yaml:1: Only versions 2"),
        ("{", "Not YAML"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_2_with_its_line(
    run: Any, tmp_path: Path, text: str, message: str
) -> None:
    config = tmp_path / "supergraph.yaml"
    config.write_text(text)
    outcome = run("compose", "--config", config)
    assert outcome.status == 2
    assert message in outcome.err


def test_an_error_is_reported_with_the_line_underlined() -> None:
    error = CompositionError(
        code="FIELD_TYPE_MISMATCH",
        message='Field "Product.price" is of another type',
        locations=(SourceLocation("products", 2, 2), SourceLocation("reviews", 1, 22)),
    )
    sources = {"products": "type Product {\n\tprice: Int\n}", "reviews": "type Product { id: I @tag }"}
    assert list(report(CompositionResult(errors=(error,)), sources)) == [
        'error[FIELD_TYPE_MISMATCH]: Field "Product.price" is of another type',
        "  --> products:2:2",
        "  2 | \tprice: Int",
        "    | \t^^^^^",
        "  --> reviews:1:22",
        "  1 | type Product { id: I @tag }",
        "    |                      ^^^^",
        "",
        "The subgraphs do not compose: 1 error",
    ]


def test_a_place_that_is_not_in_the_text_is_named_without_an_excerpt() -> None:
    error = CompositionError(
        code="X", message="m", locations=(SourceLocation("a", 9, 1), SourceLocation("b", 1, 50))
    )
    assert list(report(CompositionResult(errors=(error,)), {"a": "x", "b": "y"}))[:5] == [
        "error[X]: m",
        "  --> a:9:1",
        "  --> b:1:50",
        "  1 | y",
        "    |  ^",
    ]


def test_hints_are_told_by_their_level_but_not_those_for_debugging() -> None:
    hints = tuple(
        CompositionHint(code=level, message="m", level=level) for level in ("WARN", "INFO", "DEBUG")
    )
    lines = list(report(CompositionResult(supergraph_sdl="", hints=hints), {}))
    assert lines == ["warning[WARN]: m", "", "note[INFO]: m", ""]


def test_lines_are_those_of_graphql() -> None:
    error = CompositionError(code="X", message="m", locations=(SourceLocation("a", 3, 1),))
    lines = list(report(CompositionResult(errors=(error,)), {"a": "# \u2028 \x0b\r\n#\rtype T\n"}))
    assert lines[2:4] == ["  3 | type T", "    | ^^^^"]
