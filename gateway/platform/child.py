"""One service in a process of its own, started again when it dies."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from common.embedded import launch

_log = logging.getLogger("hansa.supervisor")
_FIRST_PAUSE = 0.1  # seconds before the first restart, doubled with each
_LONGEST_PAUSE = 5.0
_GOOD_LIFE = 10.0  # seconds after which a death counts as the first one again
_STOP_TIMEOUT = 20.0


class Child:
    """A `hansa subgraph NAME` on a Unix socket. It ends with this process, however that ends."""

    def __init__(self, name: str, socket: Path, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.restarts = 0
        self._socket = socket
        self._environment = dict(environment)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Starts the process, and again whenever it ends."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")

    async def stop(self) -> None:
        """Ends the process and does not start it again."""
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            started = time.monotonic()
            self._process = await self._spawn()
            status = await self._process.wait()
            pause = (
                _FIRST_PAUSE if time.monotonic() - started > _GOOD_LIFE else min(pause * 2, _LONGEST_PAUSE)
            )
            _log.error("%s ended with status %s; starting it again in %.1f s", self.name, status, pause)
            await asyncio.sleep(pause)
            self.restarts += 1

    async def _spawn(self) -> asyncio.subprocess.Process:
        # The launcher asks the kernel for SIGTERM when this process ends; see common.embedded.launch.
        numbers = (os.getpid(), int(signal.SIGTERM), os.geteuid(), os.getegid())
        command = (sys.executable, "-c", "from gateway.cli import main; main()", "subgraph", self.name)
        with self._log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", launch.__file__, *map(str, numbers), "--"),
                *(*command, "--listen", f"unix:{self._socket}"),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
