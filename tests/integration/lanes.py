"""Processes that are killed, several side by side: each lane has a database of its own and meets its cases one after another.

Everything is forked from the process that has imported what is needed, so that no run costs imports.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from common import failpoints

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds for one run
URLS = "LANES"


Work: TypeAlias = Callable[[str, str], Coroutine[Any, Any, None]]


def meet_cases(kills: Sequence[str], work: Work) -> None:
    """What a test's script does: `work(url, name)` is run until it is killed, and again to its end, for each of its `kills`.

    The name says the same in both runs and is no other's. One line of JSON tells how the two runs ended.
    """
    urls = os.environ[URLS].split()
    lanes = [_fork(partial(_meet, kills[lane :: len(urls)], url, work)) for lane, url in enumerate(urls)]
    sys.exit(max(map(_status, lanes)))


async def met(script: Path, kills: Sequence[str], urls: Sequence[str]) -> Mapping[str, list[int]]:
    """The exit statuses of the two runs of each case of a script, which has a lane for each of `urls`."""
    environment = {**os.environ, URLS: " ".join(urls), "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, *kills, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    lines = map(json.loads, output.splitlines())
    return {line["kill"]: line["statuses"] for line in lines}


def _meet(kills: Sequence[str], url: str, work: Work) -> None:
    for kill in kills:
        statuses = [_status(_fork(partial(_run, failpoint, work, url, kill))) for failpoint in (kill, "")]
        os.write(1, json.dumps({"kill": kill, "statuses": statuses}).encode() + b"\n")


def _run(failpoint: str, work: Work, url: str, name: str) -> None:
    signal.alarm(PATIENCE)
    failpoints._armed = failpoints._parse(failpoint)
    asyncio.run(work(url, name))


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def _status(child: int) -> int:
    """0, the exit status, or less than 0 by a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
