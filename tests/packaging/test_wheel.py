"""The wheel alone, in a bare environment, composes and serves with the console inside."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"

SUPERGRAPH_YAML = """
subgraphs:
  stars:
    routing_url: http://127.0.0.1:9/graphql
    schema:
      sdl: |
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { star: Star }
        type Star @key(fields: "id") { id: ID! name: String }
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and what it depends on, nothing else."""
    if not (ROOT / "gateway/console/dist/index.html").is_file():
        pytest.skip("the console is not built: run `make setup`")
    folder = tmp_path_factory.mktemp("wheel")
    # What is used once compiles as it is imported, not whole.
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "0"}
    environment.pop("UV_PROJECT_ENVIRONMENT", None)

    def uv(*arguments: object) -> None:
        done = subprocess.run(
            [UV, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    uv("build", "--out-dir", folder / "dist")
    uv("venv", "--python", sys.executable, folder / "venv")
    uv(
        "export",
        "--quiet",
        "--locked",
        "--no-dev",
        "--no-emit-project",
        "--output-file",
        folder / "requirements.txt",
    )
    uv(
        "pip",
        "install",
        "--python",
        folder / "venv/bin/python",
        "-r",
        folder / "requirements.txt",
        *folder.glob("dist/*.whl"),
    )
    return folder / "venv" / "bin"


@pytest.fixture
def supergraph(installed: Path, tmp_path: Path) -> Path:
    (tmp_path / "supergraph.yaml").write_text(SUPERGRAPH_YAML)
    output = tmp_path / "supergraph.graphql"
    command = [installed / "hansa", "compose", "--config", tmp_path / "supergraph.yaml", "--output", output]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture
def served(installed: Path, supergraph: Path, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    log = tmp_path / "log"
    with log.open("w") as output:
        command = [installed / "hansa", "serve", "--supergraph", supergraph, "--listen", listen]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
    try:
        wait_until_ready(f"http://{listen}/health/ready", log)
        yield f"http://{listen}"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def wait_until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


def test_composed_supergraph_names_its_subgraph(supergraph: Path) -> None:
    assert 'STARS @join__graph(name: "stars"' in supergraph.read_text()


def test_served_router_answers_and_has_the_console(served: str) -> None:
    body = msgspec.json.encode({"query": "{ __typename __schema { queryType { name } } }"})
    request = urllib.request.Request(f"{served}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert msgspec.json.decode(answer.read()) == {
            "data": {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}}
        }
    with urllib.request.urlopen(served, timeout=5) as page:
        assert b"<title>Hansa" in page.read()
