"""One child process that is a server: spawn, wait until it answers, stop.

The child gets the signal of an orderly stop from the kernel when the thread that spawned it ends, so it never
outlives this process, even one that is killed. It is in a session of its own: a Ctrl-C in the terminal
reaches the program, which stops its servers last.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from common.embedded import launch
from common.embedded.account import Account, EmbeddedError

START_TIMEOUT = 60.0  # seconds; a crash recovery may take most of it
STOP_TIMEOUT = 20.0  # seconds, then SIGKILL
POLL_INTERVAL = 0.02
LOG_LINES = 15


class ServerProcess:
    """A server's process and its log file.

    Args:
        name: how messages name it.
        account: what it runs as.
        log: where its output goes; the log of the run before is kept as `*.log.1`.
        stop_signal: what makes it stop in good order.
        held_files: descriptors that the child keeps open: who can lock them knows that it has ended.
    """

    def __init__(
        self,
        name: str,
        *,
        account: Account,
        log: Path,
        stop_signal: signal.Signals,
        held_files: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._account = account
        self._log = log
        self._stop_signal = stop_signal
        self._held_files = held_files
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def spawn(self, command: Sequence[str], *, reachable: Sequence[Path]) -> None:
        """Start `command`; the account is given access to the folders `reachable`."""
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        with os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  the command is ours
                self._launcher(command, reachable),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=self._held_files,
                start_new_session=True,
                cwd=reachable[0],
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            )

    def _launcher(self, command: Sequence[str], reachable: Sequence[Path]) -> list[str]:
        numbers = (os.getpid(), self._stop_signal, self._account.uid, self._account.gid)
        paths = (*reachable, Path(command[0]))
        return [
            *(sys.executable, "-I", "-S", launch.__file__),
            *(str(int(number)) for number in numbers),
            *(str(path) for path in paths),
            "--",
            *command,
        ]

    async def run(self, command: Sequence[str], *, reachable: Sequence[Path]) -> None:
        """Run `command` to its end.

        Raises:
            EmbeddedError: it did not succeed.
        """
        self.spawn(command, reachable=reachable)
        while self.pid is not None:  # noqa: ASYNC110  a process sets no event
            await asyncio.sleep(POLL_INTERVAL)
        if self._process and self._process.returncode != 0:
            raise self._failure("cannot be prepared")

    async def ready(self, probe: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `probe` says that the server answers.

        Raises:
            EmbeddedError: the process ended, or did not answer in time.
        """
        give_up = time.monotonic() + START_TIMEOUT
        while not await probe():
            if self.pid is None:
                raise self._failure("ended while it started")
            if time.monotonic() > give_up:
                await self.stop()
                raise self._failure(f"did not answer within {START_TIMEOUT:.0f} s")
            await asyncio.sleep(POLL_INTERVAL)

    async def stop(self) -> None:
        """Ask it to end, insist after `STOP_TIMEOUT`; nothing when it has ended."""
        give_up = time.monotonic() + STOP_TIMEOUT
        self._signal(self._stop_signal)
        while self.pid is not None:
            if time.monotonic() > give_up:
                self._signal(signal.SIGKILL)
            await asyncio.sleep(POLL_INTERVAL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _failure(self, what: str) -> EmbeddedError:
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        text = "".join(f"\n  {line}" for line in lines) or " (it is empty)"
        return EmbeddedError(f"{self.name} {what}. The end of its log, {self._log}:{text}")
