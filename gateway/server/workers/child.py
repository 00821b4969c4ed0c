"""A process of this one's, started again when it dies."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from common.embedded import launch

_log = logging.getLogger("hansa.supervisor")
_FIRST_PAUSE = 0.1  # seconds before the first restart, doubled with each
_LONGEST_PAUSE = 5.0
_GOOD_LIFE = 10.0  # seconds after which a death counts as the first one again
_STOP_TIMEOUT = 20.0


class Child:
    """A `hansa` command. It ends with this process, however that ends.

    Its output goes to the end of the file `log`, or where this process's goes. `descriptors` are open in it, too;
    `patience` is how many seconds it has to stop.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        log: Path | None = None,
        descriptors: Sequence[int] = (),
        patience: float = _STOP_TIMEOUT,
    ) -> None:
        self.name = name
        self.restarts = 0
        self.status: int | None = None
        self._command = command
        self._environment = dict(environment)
        self._log = log
        self._descriptors = descriptors
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Starts the process, and again whenever it ends."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, where there is a process to get it."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

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
            async with asyncio.timeout(self._patience):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            started = time.monotonic()
            self._process = await self._spawn()
            self.status = await self._process.wait()
            pause = (
                _FIRST_PAUSE if time.monotonic() - started > _GOOD_LIFE else min(pause * 2, _LONGEST_PAUSE)
            )
            _log.error("%s ended with status %s; starting it again in %.1f s", self.name, self.status, pause)
            await asyncio.sleep(pause)
            self.restarts += 1

    async def _spawn(self) -> asyncio.subprocess.Process:
        # The launcher asks the kernel for SIGTERM when this process ends; see common.embedded.launch.
        numbers = (os.getpid(), int(signal.SIGTERM), os.geteuid(), os.getegid())
        command = (sys.executable, "-c", "from gateway.cli import main; main()", *self._command)
        with self._log.open("ab") if self._log else nullcontext() as output:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", launch.__file__, *map(str, numbers), "--"),
                *command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=self._descriptors,
            )
