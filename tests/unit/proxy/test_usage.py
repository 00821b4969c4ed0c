"""Guarantee: what is counted is there after SIGKILL, and is counted once."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from common import failpoints
from subgraphs.tenants.dataplane.control import ControlPlaneUnavailableError, Usage, UsageBatch
from subgraphs.tenants.dataplane.usage import Label, Meter, segment, send_now
from subgraphs.tenants.dataplane.usage.meter import DirectoryInUseError

ADA = Label("acme", "all", "ada", "k1")


class Taker:
    """Takes batches as the control plane does: each id once."""

    def __init__(self) -> None:
        self.batches: dict[str, UsageBatch] = {}
        self.is_down = self.loses_answers = False

    async def take(self, batch: UsageBatch) -> None:
        if self.is_down:
            raise ControlPlaneUnavailableError
        self.batches[batch.id] = batch
        if self.loses_answers:
            raise ControlPlaneUnavailableError

    def requests(self) -> int:
        return sum(usage.requests for batch in self.batches.values() for usage in batch.usage)


def files(directory: Path, kind: str) -> int:
    return len(list(directory.glob(f"*.{kind}")))


async def send(meter: Meter, taker: Taker) -> bool:
    try:
        await send_now(meter, taker.take)
    except ControlPlaneUnavailableError:
        return False
    return True


def run_and_kill(code: str) -> None:
    """Runs until it has written a line."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout
        assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)


async def test_usage_adds_up_by_whose_it_is(tmp_path: Path) -> None:
    meter, taker = Meter(tmp_path, clock=lambda: 7200.0), Taker()
    for _ in range(3):
        meter.cell(ADA).add(0, 1)
    meter.cell(ADA).add(4, 100)
    meter.cell(Label("acme", "open")).add(1, 1)
    assert await send(meter, taker)
    (batch,) = taker.batches.values()
    assert batch.usage == (
        Usage("acme", 2, "all", "ada", "k1", requests=3, bytes_out=100),
        Usage("acme", 2, "open", refused=1),
    )
    assert await send(meter, taker)
    assert len(taker.batches) == 1, "nothing is no batch"
    meter.close()


async def test_what_is_not_taken_is_sent_again_as_the_same_batch(tmp_path: Path) -> None:
    meter, taker = Meter(tmp_path), Taker()
    for failing in ("is_down", "loses_answers"):
        setattr(taker, failing, True)
        meter.cell(ADA).add(0, 1)
        assert not await send(meter, taker)
        meter.cell(ADA).add(0, 1)
        setattr(taker, failing, False)
        for _ in range(3):
            assert await send(meter, taker)
    assert taker.requests() == 4
    assert files(tmp_path, "sealed") == 0
    meter.close()


async def test_while_nobody_takes_it_usage_adds_up_in_the_same_file(tmp_path: Path) -> None:
    meter, taker = Meter(tmp_path), Taker()
    taker.is_down = True
    for _ in range(20):
        meter.cell(ADA).add(0, 1)
        assert not await send(meter, taker)
    assert files(tmp_path, "sealed") == 1
    assert files(tmp_path, "open") == 1
    taker.is_down = False
    for _ in range(3):
        assert await send(meter, taker)
    assert taker.requests() == 20
    meter.close()


async def test_a_full_file_becomes_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "RECORDS", 4)
    meter, taker = Meter(tmp_path), Taker()
    for number in range(10):
        meter.cell(Label("acme", f"route{number}")).add(0, 1)
    for _ in range(5):
        assert await send(meter, taker)
    assert taker.requests() == 10
    meter.close()


async def test_a_killed_process_leaves_all_that_it_has_counted(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from subgraphs.tenants.dataplane.usage import Label, Meter
meter = Meter(Path({str(tmp_path)!r}))
for number in range(1, 2001):
    meter.cell(Label("acme", "all", "c" + str(number % 7))).add(0, 1)
print("counted", flush=True)
time.sleep(60)
"""
    await asyncio.to_thread(run_and_kill, code)
    meter, taker = Meter(tmp_path), Taker()
    assert await send(meter, taker)
    assert taker.requests() == 2000
    meter.close()


COUNTING = """
import asyncio, sys
from pathlib import Path
from subgraphs.tenants.dataplane.usage import Label, Meter
from tests.unit.proxy.test_usage import send_into
async def count(directory):
    meter = Meter(directory / "usage")
    for number in range(1, 1000):
        meter.cell(Label("acme", f"route{number % 3}")).add(0, 1)
        print(number, flush=True)
        if number % 5 == 0:
            await send_into(directory, meter)
asyncio.run(count(Path(sys.argv[1])))
"""


async def send_into(directory: Path, meter: Meter) -> None:
    """Into files by the batches' ids, so that one that is sent again counts once."""

    async def take(batch: UsageBatch) -> None:
        (directory / batch.id).write_bytes(msgspec.json.encode(batch))

    await send_now(meter, take)


def start_counting(directory: Path, failpoint: str) -> "subprocess.Popen[bytes]":
    directory.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "FAILPOINT": failpoint}
    command = [sys.executable, "-c", COUNTING, str(directory)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


async def test_a_kill_at_any_failpoint_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    names = sorted(failpoints.names("subgraphs.tenants.dataplane.usage"))
    processes = {name: start_counting(tmp_path / name, f"{name}:kill@4") for name in names}
    for name, process in processes.items():
        told, _ = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, name
        directory = tmp_path / name
        meter = Meter(directory / "usage")
        for _ in range(3):
            await send_into(directory, meter)
        meter.close()
        batches = [msgspec.json.decode(file.read_bytes(), type=UsageBatch) for file in directory.glob("*-*")]
        counted = sum(usage.requests for batch in batches for usage in batch.usage)
        assert counted == len(told.split()) > 0, name


def test_each_failpoint_of_the_data_plane_is_one_that_a_test_kills_at() -> None:
    package = "subgraphs.tenants.dataplane"
    killed_at = failpoints.names(f"{package}.usage") | failpoints.names(f"{package}.kept")
    assert failpoints.names(package) == killed_at
    assert len(killed_at) == 7


def test_a_directory_has_one_process(tmp_path: Path) -> None:
    meter = Meter(tmp_path)
    with pytest.raises(DirectoryInUseError):
        Meter(tmp_path)
    meter.close()
    Meter(tmp_path).close()
