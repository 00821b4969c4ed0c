"""`hansa compose --watch` as a process: a real file that breaks, a real interrupt."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PRODUCTS = "type Query { products: [Product!]! }\ntype Product { id: ID! name: String! }\n"
CONFIG = """
subgraphs:
  products:
    routing_url: http://products/graphql
    schema: {file: products.graphql}
"""


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that watches one subgraph and writes to `out.graphql`."""
    (tmp_path / "products.graphql").write_text(PRODUCTS)
    (tmp_path / "supergraph.yaml").write_text(CONFIG)
    command: list[str | Path] = [
        Path(sys.executable).with_name("hansa"), "compose", "--watch",
        "--config", tmp_path / "supergraph.yaml", "--output", tmp_path / "out.graphql",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def until_watching(process: subprocess.Popen[str]) -> str:
    """What the process prints until it has composed, and waits for the next change."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        if line.startswith("Watching"):
            return "".join(lines)
        lines.append(line)
    raise AssertionError("".join(lines))


def test_a_watch_that_is_interrupted_ends_at_once(watching: subprocess.Popen[str]) -> None:
    until_watching(watching)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(timeout=10) == 130
    assert watching.stderr is not None
    assert watching.stderr.read() == ""


def test_a_file_broken_while_watching_is_reported_and_the_last_output_stays(
    watching: subprocess.Popen[str], tmp_path: Path
) -> None:
    products, output = tmp_path / "products.graphql", tmp_path / "out.graphql"
    assert until_watching(watching) == ""
    good = output.read_text()
    products.write_text(PRODUCTS + "type {")
    reported = until_watching(watching)
    assert "error[INVALID_GRAPHQL]: [products] Syntax Error" in reported
    assert "  3 | type {" in reported
    assert output.read_text() == good
    products.write_text(PRODUCTS.replace("name", "label"))
    assert until_watching(watching) == ""
    assert "label: String!" in output.read_text()
