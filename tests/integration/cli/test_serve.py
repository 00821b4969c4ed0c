"""`hansa serve` as its users run it: a process, a port, signals."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

SUPERGRAPH = Path("tests/integration/server/supergraph.graphql")
HANSA = Path(sys.executable).with_name("hansa")
START_LIMIT = 20.0


@pytest.fixture
def supergraph(tmp_path: Path) -> Path:
    """A supergraph whose subgraphs are elsewhere, and down."""
    file = tmp_path / "supergraph.graphql"
    file.write_text(re.sub(r"app://(\w+)/", r"http://127.0.0.1:1/\1/", SUPERGRAPH.read_text()))
    return file


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running `hansa serve`; gives the address that it says it listens on."""
    command = [str(HANSA), "serve", *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            found = re.search(r"listens on (https?://\S+)", line)
            assert found, line + process.stderr.read()
            yield found[1], process
        finally:
            process.kill()


def test_it_serves_as_soon_as_it_says_so_and_stops_with_0_on_a_signal(supergraph: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        started = time.perf_counter()
        with serving("--supergraph", supergraph, "--listen", "127.0.0.1:0") as (url, process):
            assert time.perf_counter() - started < START_LIMIT
            answer = httpx.post(url, json={"query": "{__typename}"})
            assert answer.json() == {"data": {"__typename": "Query"}}
            process.send_signal(number)
            assert process.wait(timeout=20) == 0


def test_the_log_is_one_json_line_a_request(supergraph: Path) -> None:
    with serving("--supergraph", supergraph, "--listen", "127.0.0.1:0") as (url, process):
        answer = httpx.post(url, json={"query": "query Q {__typename}"})
        process.terminate()
        assert process.stderr
        line = json.loads(process.stderr.readline())
    assert line["trace_id"] == answer.headers["hansa-trace-id"]
    assert line["operation_name"] == "Q"


def test_listen_beats_the_file_and_the_file_beats_the_default(supergraph: Path, tmp_path: Path) -> None:
    config = tmp_path / "router.yaml"
    config.write_text("supergraph: {listen: '127.0.0.1:0', path: /api}")
    with serving("--supergraph", supergraph, "--config", config) as (url, _):
        assert url.endswith("/api")
        assert ":4000/" not in url
    config.write_text("supergraph: {listen: '192.0.2.1:1'}")
    with serving("--supergraph", supergraph, "--config", config, "--listen", "127.0.0.1:0") as (url, _):
        assert url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_3_with_its_name_and_the_way_to_another(supergraph: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [str(HANSA), "serve", "--supergraph", str(supergraph), "--listen", f"127.0.0.1:{port}"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 3
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use" in ended.stderr
    assert "--listen 127.0.0.1:PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_log_is_text_where_the_configuration_says_so(supergraph: Path, tmp_path: Path) -> None:
    config = tmp_path / "router.yaml"
    config.write_text("telemetry: {exporters: {logging: {stdout: {format: text}}}}")
    with serving("--supergraph", supergraph, "--config", config, "--listen", "127.0.0.1:0") as (url, process):
        answer = httpx.post(url, json={"query": "query Q {__typename}"})
        process.terminate()
        assert process.stderr
        line = process.stderr.readline()
    assert " INFO    hansa.router: request method=POST path=/graphql status=200 " in line
    assert f"operation_name=Q trace_id={answer.headers['hansa-trace-id']}" in line
