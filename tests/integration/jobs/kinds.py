"""Kinds of jobs for the tests; they write what they do into the log that is their resource."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from common.jobs import Backoff, Cancel, Discard, Jobs, Retry, Run, Snooze, Unique


@dataclass
class Log:
    """What the functions did, in order; `gate` is what some of them wait for."""

    lines: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most_running: int = 0


class Sum(Struct, frozen=True):
    total: int
    thread: bool


AT_ONCE = Backoff(base=0.0)
jobs: Jobs[Log] = Jobs("test")


@jobs.job(is_public=True)
async def noop(_run: Run[Log]) -> None:
    """Nothing."""


@jobs.job(is_public=True)
async def write(run: Run[Log], line: str, times: int = 1) -> int:
    run.resources.lines += [line] * times
    return len(line)


@jobs.job()
def add(_run: Run[Log], numbers: list[int]) -> Sum:
    return Sum(sum(numbers), threading.current_thread() is not threading.main_thread())


@jobs.job(backoff=AT_ONCE, max_attempts=3)
async def fail(run: Run[Log], until: int = 1_000) -> str:
    run.resources.lines.append(f"attempt {run.attempt}")
    if run.attempt < until:
        raise LookupError("no such whale")
    return "found"


@jobs.job(max_attempts=2)
async def end_by(run: Run[Log], how: str) -> str:
    run.resources.lines.append(how)
    if len(run.resources.lines) > 1:
        return "again"
    endings: dict[str, Callable[[], Exception]] = {
        "snooze": lambda: Snooze(0.1),
        "cancel": lambda: Cancel("pointless"),
        "discard": lambda: Discard("hopeless"),
        "retry": lambda: Retry("later", after=0.1),
        "unencodable": lambda: ValueError("\0"),
    }
    ending = endings[how]()
    raise ending


@jobs.job(backoff=AT_ONCE, max_attempts=2, timeout=0.1)
async def sleep_long(run: Run[Log]) -> None:
    run.resources.lines.append("asleep")
    await asyncio.sleep(60)


@jobs.job(backoff=AT_ONCE, max_attempts=1, timeout=0.1)
def sleep_in_thread(run: Run[Log]) -> None:
    while True:
        run.check_cancelled()
        time.sleep(0.01)


@jobs.job()
async def wait_at_gate(run: Run[Log], line: str = "") -> str:
    log = run.resources
    log.running += 1
    log.most_running = max(log.most_running, log.running)
    log.lines.append(f"begun {line}")
    run.progress(0.5, "at the gate")
    try:
        await log.gate.wait()
    finally:
        log.running -= 1
    return line


@jobs.job()
def wait_in_thread(run: Run[Log]) -> None:
    run.resources.lines.append("begun")
    while True:
        run.check_cancelled()
        time.sleep(0.01)


@jobs.job()
async def briefly(run: Run[Log]) -> None:
    log = run.resources
    log.running += 1
    log.most_running = max(log.most_running, log.running)
    await asyncio.sleep(0.01)
    log.running -= 1


@jobs.job(unique=Unique.UNTIL_FINISHED)
async def once(run: Run[Log], name: str) -> None:
    run.resources.lines.append(name)


@jobs.job()
async def boast(_run: Run[Log], size: int) -> str:
    return "x" * size
