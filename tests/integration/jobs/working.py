"""Processes that lead and work until SIGTERM, forked from one that has imported everything: a start costs no imports."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from common import failpoints
from common.jobs import WorkerOptions
from common.settings import Secret
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.working import working
from tests.integration.jobs.crashing import quicken
from tests.integration.jobs.crashing_kinds import jobs

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


class WorkingProcess:
    """One of them; `failpoint` is armed in it alone. It has production's constants, or is `quick`."""

    def __init__(self, url: str, *, quick: bool, failpoint: str) -> None:
        self._process: ForkServerProcess = CONTEXT.Process(
            target=_serve, args=(url, quick, failpoint), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    async def stops(self) -> None:
        """Once SIGSTOP holds it."""
        async with asyncio.timeout(60):
            while not self._is_stopped():  # noqa: ASYNC110 - it watches a process
                await asyncio.sleep(0.02)

    async def ends(self) -> int:
        """Its exit status once it has ended, less than 0 by a signal."""
        async with asyncio.timeout(60):
            while (status := self._process.exitcode) is None:  # noqa: ASYNC110 - it watches a process
                await asyncio.sleep(0.02)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _is_stopped(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    async def kill(self) -> None:
        self._process.kill()
        await self.ends()
        self._process.close()


@asynccontextmanager
async def process(url: str, *, quick: bool = True, failpoint: str = "") -> AsyncIterator[WorkingProcess]:
    """A process that leads and works; it is killed at the end if it still runs."""
    started = WorkingProcess(url, quick=quick, failpoint=failpoint)
    try:
        yield started
    finally:
        await started.kill()


def _serve(url: str, quick: bool, failpoint: str) -> None:  # noqa: FBT001 - a process has no names for its arguments
    failpoints._armed = failpoints._parse(failpoint)
    if quick:
        quicken()
    asyncio.run(_work(url))


async def _work(url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    options, environment = WorkerOptions(concurrency=4, grace=5.0), {"DATABASE_URL": url}
    async with working(Secret(url), Registry({"crash": jobs}), environment, options, wake=asyncio.Event()):
        await stop.wait()
