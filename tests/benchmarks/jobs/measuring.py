"""One system measured: a program that asks for jobs and then runs them, and the CPU time of it and of its server."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[3]
TICKS = os.sysconf("SC_CLK_TCK")
LAST_WORDS = 60  # seconds

Command = Sequence[str | Path]


class Figures(Struct, frozen=True):
    """Microseconds of CPU a job, and jobs a second."""

    enqueue: float
    enqueue_server: float
    worker: float
    server: float
    rate: float

    @property
    def job(self) -> float:
        """What running one job costs, wherever."""
        return self.worker + self.server


def measure(command: Command, root: int, *, asked: int, log: Path) -> Figures:
    """What it took the program to ask for `asked` jobs and run those that it says, and the server of process `root` meanwhile.

    The program's complaints go to `log`.
    """
    with _running(command, log) as process:
        before = cpu_seconds(root)
        enqueue = _hear(process, log)["enqueue"]
        between = cpu_seconds(root)
        _let_go_on(process)
        told = _hear(process, log)
        after = cpu_seconds(root)
        _let_go_on(process)
    run = told.get("run", asked)
    return Figures(
        enqueue / asked * 1e6,
        (between - before) / asked * 1e6,
        told["work"] / run * 1e6,
        (after - between) / run * 1e6,
        run / told["seconds"],
    )


def hear(command: Command, log: Path) -> dict[str, float]:
    """What a program tells that is measured by nobody but itself."""
    with _running(command, log) as process:
        return _hear(process, log)


def cpu_seconds(root: int) -> float:
    """Of a server's process, of its children, and of those that have ended."""
    while True:
        reaped = _times(root)[2:]
        total = sum(_times(root)) + sum(sum(_times(child)[:2]) for child in _children(root))
        if _times(root)[2:] == reaped:  # else a child may stand in both, or in neither
            return total / TICKS


def _times(pid: int) -> list[int]:
    """User and system time of a process, and of its children that have ended; nothing once it has."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0, 0, 0, 0]
    return list(map(int, fields[11:15]))


def _children(root: int) -> list[int]:
    return list(map(int, Path(f"/proc/{root}/task/{root}/children").read_text().split()))


@contextmanager
def _running(command: Command, log: Path) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=output, text=True) as process,
    ):
        try:
            yield process
            process.wait(LAST_WORDS)
        finally:
            process.kill()


def _hear(process: subprocess.Popen[str], log: Path) -> dict[str, float]:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended: {log.read_text()[-2_000:]}")
    told: dict[str, float] = json.loads(line)
    return told


def _let_go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
