import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.http import Request, Response, Transport, open_transport
from gateway.cli.up import CONFIG
from gateway.platform.host import Host
from gateway.platform.options import Options
from gateway.platform.platform import running_platform
from gateway.platform.services import find_services
from gateway.server.serving import open_listener, serve_router


@dataclass
class Running:
    """A platform that listens, and a client of it."""

    transport: Transport
    host: Host

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> Response:
        body = json.dumps({"query": query, "variables": variables}).encode()
        pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return await self.transport.send(
            Request(path="/graphql", body=body, headers=(("content-type", "application/json"), *pairs))
        )

    async def data(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> Any:
        return json.loads((await self.ask(query, variables, **headers)).body)["data"]

    async def get(self, path: str, **headers: str) -> Response:
        pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return await self.transport.send(Request(path=path, method="GET", headers=pairs))


Up = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
async def up(database_url: str, redis_url: str, nats_url: str, tmp_path: Path) -> Up:
    """Starts a platform; those of one test share their database, their directory and their port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    @asynccontextmanager
    async def start(*, processes: bool, **environment: str) -> AsyncIterator[Running]:
        base = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "NATS_URL": nats_url}
        options = Options(
            address=f"127.0.0.1:{port}",
            proxy="127.0.0.1:4001",
            directory=tmp_path,
            config=CONFIG,
            environment=base | environment,
            processes=processes,
        )
        stop, started = asyncio.Event(), asyncio.Event()
        async with running_platform(options, find_services(), lambda _part, _state: None) as platform:
            serving = asyncio.create_task(
                serve_router(
                    platform.app,
                    open_listener("127.0.0.1", port),
                    health=platform.health,
                    stop=stop,
                    started=started.set,
                )
            )
            await started.wait()
            transport = open_transport(f"http://127.0.0.1:{port}/graphql")
            try:
                yield Running(transport, platform.host)
            finally:
                await transport.close()
                stop.set()
                await serving

    return start


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """Waits until something holds, for 30 seconds at most."""

    async def wait(holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(30):
            while not await holds():  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.05)

    return wait
