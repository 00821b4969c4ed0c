"""All embedded servers together: the one thing that a program starts and stops."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.nats import NatsServer
from common.embedded.postgresql import PostgresServer
from common.embedded.valkey import ValkeyServer

Server = PostgresServer | ValkeyServer | NatsServer
State = Literal["waiting", "starting", "ready", "stopping", "stopped", "external"]
Progress = Callable[[str, State], None]
"""Told a server's name ("postgresql", "valkey", "nats") and what becomes of it."""

SERVER_OF_VARIABLE: Mapping[str, type[Server]] = {
    "DATABASE_URL": PostgresServer,
    "REDIS_URL": ValkeyServer,
    "NATS_URL": NatsServer,
}


class EmbeddedServers:
    """The servers that `environment` does not name, under `directory`.

    They end with the thread that starts them, so start them from one that lives as long as the program.

    Args:
        directory: where data, logs and locks are; one program at a time uses it.
        environment: a variable of `SERVER_OF_VARIABLE` set here means that the server exists already.
        on_progress: told about each server.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        on_progress: Progress = lambda _name, _state: None,
    ) -> None:
        self._given = {name: environment[name] for name in SERVER_OF_VARIABLE if environment.get(name)}
        self._folder = ServerFolder(directory, server_account())
        self._on_progress = on_progress
        self._servers: list[Server] = []

    async def start(self) -> Mapping[str, str]:
        """Start what is missing, all at once, and give the URL of each part.

        Raises:
            EmbeddedError: one cannot be started; those that could are stopped again.
        """
        for variable in self._given:
            self._on_progress(SERVER_OF_VARIABLE[variable].name, "external")
        missing = [variable for variable in SERVER_OF_VARIABLE if variable not in self._given]
        if not missing:
            return self._given
        self._folder.lock()
        try:
            await self._folder.await_predecessor(lambda: self._on_progress("servers", "waiting"))
            urls = await self._start_all(missing)
        except BaseException:
            await self.stop()
            raise
        return self._given | dict(zip(missing, urls, strict=True))

    async def _start_all(self, variables: list[str]) -> list[str]:
        self._servers = [SERVER_OF_VARIABLE[variable](self._folder) for variable in variables]
        starts = [asyncio.ensure_future(self._start_one(server)) for server in self._servers]
        try:
            return await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def _start_one(self, server: Server) -> str:
        self._on_progress(server.name, "starting")
        url = await server.start()
        self._on_progress(server.name, "ready")
        return url

    async def stop(self) -> None:
        """Stop what was started, in good order."""
        await asyncio.gather(*(self._stop_one(server) for server in self._servers))
        self._servers = []
        self._folder.unlock()

    async def _stop_one(self, server: Server) -> None:
        self._on_progress(server.name, "stopping")
        await server.stop()
        self._on_progress(server.name, "stopped")
