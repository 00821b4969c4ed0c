"""`hansa serve --workers`: several processes at one address."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.server.serving import open_listener
from tests.integration.cli.serving import LIMIT, Serving, serving

TYPENAME = {"query": "{__typename}"}


@pytest.fixture
def supergraph(tmp_path: Path, sdl: str) -> Path:
    file = tmp_path / "supergraph.graphql"
    file.write_text(sdl)
    return file


@pytest.fixture
def router(supergraph: Path) -> Iterator[Serving]:
    with serving("--supergraph", supergraph, "--workers", 2) as router:
        yield router


def workers(router: Serving) -> list[int]:
    pid = router.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until_ready(router: Serving) -> None:
    deadline = time.monotonic() + LIMIT
    while httpx.get(httpx.URL(router.url).join("/health/ready")).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_all_are_ready_and_told_of_by_any(router: Serving) -> None:
    assert len(workers(router)) == 2
    ready = httpx.get(httpx.URL(router.url).join("/health/ready"))
    assert (ready.status_code, ready.json()["checks"]) == (200, {"worker 0": "ok", "worker 1": "ok"})
    for _ in range(8):
        assert httpx.post(router.url, json=TYPENAME).json() == {"data": {"__typename": "Query"}}
    lines = httpx.get(httpx.URL(router.url).join("/metrics")).text.splitlines()
    counted = [line for line in lines if line.startswith("http_server_request_duration_seconds_count")]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) == 8
    active = [line.rpartition(" ")[0] for line in lines if line.startswith("http_server_active_requests{")]
    assert active == [f'http_server_active_requests{{worker="{number}"}}' for number in (0, 1)]
    assert lines.count("# TYPE http_server_active_requests gauge") == 1


def test_one_that_dies_is_started_again_while_the_other_answers(router: Serving) -> None:
    before = workers(router)
    os.kill(before[0], signal.SIGKILL)
    for _ in range(20):
        assert httpx.post(router.url, json=TYPENAME).status_code == 200
    router.until("worker 0 ended with status -9; starting it again")
    until_ready(router)
    assert before[1] in workers(router)
    assert before[0] not in workers(router)


def test_a_reload_reaches_all(router: Serving, supergraph: Path, sdl: str) -> None:
    supergraph.write_text(sdl.replace("node: Node", "root: Node"))
    router.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + LIMIT
    while sum("was taken" in line for line in router.lines) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for _ in range(8):
        assert "root" in router.fields()


def test_they_stop_together_with_0(router: Serving) -> None:
    started = workers(router)
    router.process.terminate()
    assert router.process.wait(timeout=LIMIT) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_a_configuration_that_does_not_fit_is_told_and_ends_with_2(supergraph: Path, tmp_path: Path) -> None:
    config = tmp_path / "router.yaml"
    config.write_text("override_subgraph_url: {nobody: 'http://127.0.0.1:1/'}")
    command = [
        *(Path(sys.executable).with_name("hansa"), "serve", "--supergraph", supergraph),
        *("--config", config, "--listen", "127.0.0.1:0", "--workers", "2"),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "`override_subgraph_url` names 'nobody'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_they_share_the_addresses_of_the_other_doors(supergraph: Path, tmp_path: Path) -> None:
    with open_listener("127.0.0.1", 0) as free:
        side = f"127.0.0.1:{free.getsockname()[1]}"
    config = tmp_path / "router.yaml"
    config.write_text(f"health_check: {{listen: '{side}'}}")
    with serving("--supergraph", supergraph, "--config", config, "--workers", 2) as router:
        assert httpx.get(httpx.URL(router.url).join("/health/ready")).status_code == 404
        assert httpx.get(f"http://{side}/health/ready").json()["checks"].keys() == {"worker 0", "worker 1"}
        assert httpx.post(router.url, json=TYPENAME).status_code == 200
