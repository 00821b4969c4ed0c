"""`hansa up` as a newcomer runs it: a process, its output, its signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

URL = re.compile(r"GraphQL\s+(http://\S+)/graphql")


class Up:
    """A running `hansa up` on a free port."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self.process = subprocess.Popen(
            [*HANSA, "up", "--port", "0", "--directory", str(directory), *arguments],
            env={**given, **environment, "HANSA_TEST_DIRECTORY": str(directory)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def url(self) -> str:
        """Where the router listens; the output so far is in `output`."""
        assert self.process.stdout
        self.output = ""
        for line in self.process.stdout:
            self.output += line
            if "Ctrl-C" in line:
                break
        found = URL.search(self.output)
        assert found, self.output
        return found[1]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


HANSA = (sys.executable, "-c", "from gateway.cli import main; main()")


def proxy_answers(output: str) -> str:
    """The type of what the reverse proxy says at its own address, where no tenant is served."""
    found = re.search(r"Reverse proxy\s+(http://\S+)", output)
    assert found, output
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(found[1])
    with refused.value as answer:
        return str(answer.headers["content-type"])


def processes_of(directory: Path) -> list[int]:
    """The processes whose command line or environment names the directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(directory) in text and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def wait_until_none(directory: Path) -> None:
    give_up = time.monotonic() + 30
    while left := processes_of(directory):
        assert time.monotonic() < give_up, left
        time.sleep(0.1)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "platform"
    yield directory
    for pid in processes_of(directory):
        os.kill(pid, signal.SIGKILL)


def test_it_comes_up_with_nothing_but_a_folder_stops_on_ctrl_c_and_comes_up_again(directory: Path) -> None:
    for _ in range(2):
        up = Up(directory)
        with urllib.request.urlopen(up.url() + "/health/ready") as answer:
            assert answer.status == 200
        assert "Sign in as" in up.output
        assert proxy_answers(up.output) == "application/problem+json"
        assert up.end(signal.SIGINT) == 0
        wait_until_none(directory)
    assert (directory / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_killed_run_leaves_nothing_that_breaks_the_next(directory: Path) -> None:
    killed = Up(directory, "--processes")
    killed.url()
    assert len(processes_of(directory)) > 3
    killed.end(signal.SIGKILL)
    up = Up(directory, "--processes")
    with urllib.request.urlopen(up.url() + "/health/ready") as answer:
        assert answer.status == 200
    assert up.end(signal.SIGTERM) == 0
    wait_until_none(directory)


def test_a_taken_port_is_told_before_anything_starts(directory: Path, servers: Mapping[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*HANSA, "up", "--port", port, "--directory", str(directory)]
        refused = subprocess.run(
            command, env={**os.environ, **servers}, capture_output=True, text=True, check=False
        )
    assert refused.returncode == 3
    assert port in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


def test_a_signal_while_it_starts_stops_it(directory: Path) -> None:
    up = Up(directory)
    assert up.process.stdout
    up.process.stdout.readline()
    assert up.end(signal.SIGTERM) == 0
    wait_until_none(directory)


@pytest.mark.parametrize(
    ("text", "told"),
    [("whales: 1\n", "whales"), ("tls: {supergraph: {certificate: c, key: k}}\n", "is for `hansa serve`")],
)
def test_a_configuration_that_is_wrong_is_one_message(
    directory: Path, tmp_path: Path, servers: Mapping[str, str], text: str, told: str
) -> None:
    (tmp_path / "router.yaml").write_text(text)
    up = Up(directory, "--config", str(tmp_path / "router.yaml"), **servers)
    output, _ = up.process.communicate(timeout=60)
    assert up.process.returncode == 1
    assert told in output
    assert "Traceback" not in output
