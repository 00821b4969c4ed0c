"""The directory of one set of servers: who may use it, and where each server keeps its files.

`<directory>/lock` is held by the program. `<directory>/servers.lock` is also held by each server it started, so
that the next run knows when those of a killed run have ended, with no trust in process ids.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common.embedded.account import Account, EmbeddedError, empty_folder, own_folder

SOCKET_PATH_LIMIT = 107  # bytes of sun_path in unix(7), less the closing zero
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
PREDECESSOR_TIMEOUT = 60.0  # seconds that the servers of a killed run may take to stop


class ServerFolder:
    """The files under one directory, for `account`."""

    def __init__(self, directory: Path, account: Account) -> None:
        self.directory = directory.absolute()
        self.account = account
        self._lock: int | None = None
        self._sockets: list[Path] = []
        self.servers_lock: int | None = None

    def lock(self) -> None:
        """Take the directory for this process.

        Raises:
            EmbeddedError: another process has it, or it cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(f"{self.directory} cannot be used: {error.strerror}.") from error
        if not _try_lock(descriptor):
            holder = os.pread(descriptor, 32, 0).decode() or "unknown"
            os.close(descriptor)
            raise EmbeddedError(
                f"{self.directory} is in use by the process {holder}. Stop that one, or use another directory.",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._lock = descriptor

    async def await_predecessor(self, on_wait: Callable[[], None]) -> None:
        """Wait until the servers of a run that was killed have ended; `on_wait` is called if there are any.

        Raises:
            EmbeddedError: they have not after `PREDECESSOR_TIMEOUT`.
        """
        descriptor = os.open(self.directory / "servers.lock", os.O_RDWR | os.O_CREAT, 0o600)
        give_up = time.monotonic() + PREDECESSOR_TIMEOUT
        if not _try_lock(descriptor):
            on_wait()
        while not _try_lock(descriptor):
            if time.monotonic() > give_up:
                os.close(descriptor)
                raise EmbeddedError(
                    f"Servers of an earlier run in {self.directory} do not stop; see the logs there. "
                    f"`fuser {self.directory}/servers.lock` names their processes: end them and start again.",
                )
            await asyncio.sleep(0.05)
        self.servers_lock = descriptor

    def unlock(self) -> None:
        """Give the directory back, and leave nothing outside it."""
        for path in self._sockets:
            shutil.rmtree(path, ignore_errors=True)
        self._sockets = []
        for descriptor in (self.servers_lock, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self.servers_lock = self._lock = None

    def data(self, name: str) -> Path:
        """The folder of a server's data, made when it is missing."""
        return own_folder(self.directory / name, self.account)

    def log(self, name: str) -> Path:
        """A server's log file."""
        return self.directory / f"{name}.log"

    def sockets(self, name: str) -> Path:
        """An empty folder for a server's socket, whose path is short however deep the directory is."""
        digest = hashlib.sha256(os.fsencode(self.directory.resolve())).hexdigest()[:16]
        path = empty_folder(_runtime_folder() / f"hansa-{digest}-{name}", self.account)
        self._sockets.append(path)
        return path


def _runtime_folder() -> Path:
    """Where sockets go: the user's runtime folder, else the temporary one, if short enough."""
    longest = SOCKET_PATH_LIMIT - len(f"/hansa-{'0' * 16}-postgresql{LONGEST_SOCKET_NAME}")
    for candidate in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        if candidate and len(os.fsencode(candidate)) <= longest and os.access(candidate, os.W_OK | os.X_OK):
            return Path(candidate)
    return Path("/tmp")  # noqa: S108  the folder made in it is checked to be ours and is closed to others


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
