"""All embedded servers together: the one thing that a program starts and stops."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Literal

from common.embedded.account import EmbeddedError, server_account
from common.embedded.folder import ServerFolder
from common.embedded.nats import NatsServer
from common.embedded.postgresql import PostgresServer
from common.embedded.valkey import ValkeyServer

logger = logging.getLogger(__name__)

WATCH_INTERVAL = 0.1  # seconds
RESTART_PAUSES = (
    0.0,
    0.5,
    1.0,
    2.0,
    5.0,
)  # seconds before each restart that fails, the last one from then on

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
    """The servers that `environment` does not name, under `directory`; one that dies is started again at its URL.

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
        self._keepers: list[asyncio.Task[None]] = []

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
        self._keepers = [asyncio.create_task(_keep(server)) for server in self._servers]
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
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        await asyncio.gather(*(self._stop_one(server) for server in self._servers))
        self._servers = []
        self._folder.unlock()

    async def _stop_one(self, server: Server) -> None:
        self._on_progress(server.name, "stopping")
        await server.stop()
        self._on_progress(server.name, "stopped")


async def _keep(server: Server) -> None:
    """Start `server` again whenever it has ended, until cancelled."""
    while True:
        while server.pid is not None:  # noqa: ASYNC110  a process sets no event
            await asyncio.sleep(WATCH_INTERVAL)
        logger.error("%s has ended and is started again", server.name)
        for pause in chain(RESTART_PAUSES, repeat(RESTART_PAUSES[-1])):
            await asyncio.sleep(pause)
            try:
                await server.start()
            except EmbeddedError as error:
                logger.error("%s", error)  # noqa: TRY400  it says what is wrong
            else:
                break
