"""A proxy as `hansa proxy` runs it, on a socket of the test's process, and a client that asks it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.proxy import ProxyOptions, RunningProxy
from gateway.server.health import Health
from gateway.server.serving import open_listener, serve_router
from subgraphs.tenants.dataplane.program import proxy_program
from tests.integration.proxy.control import HOST, TOKEN, Control
from tests.integration.proxy.upstreams import read_message

LIMIT = 20.0


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def seen(self) -> list[tuple[str, str]]:
        """The headers that `echo` has got."""
        return [(name, value) for name, value in self.json["headers"]]


@dataclass
class Client:
    """Asks a proxy at a port of this machine."""

    port: int

    async def raw(self, data: bytes) -> bytes:
        """All that is answered to `data`, until the connection is closed."""
        async with asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(data)
            answer = await reader.read()
            writer.close()
            return answer

    async def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        host: str = HOST,
        key: str | None = None,
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
        if key is not None:
            lines.append(f"X-API-Key: {key}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers or []]
        async with asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))
                seen = await read_message(reader, with_body=method != "HEAD", is_response=True)
            finally:
                writer.close()
        return Reply(
            int(seen.line.split()[1]), {name.lower(): value for name, value in seen.headers}, seen.body
        )


@dataclass
class Gateway(Client):
    """A proxy that is up in this process."""

    running: RunningProxy


Apps = Mapping[str, Any]


@asynccontextmanager
async def gateway(
    control: Control, directory: Path, *, apps: Apps | None = None, **environment: str
) -> AsyncIterator[Gateway]:
    """A proxy over `control`, as `hansa proxy` runs it."""
    settings = {
        "HANSA_TENANTS_URL": "app://tenants",
        "HANSA_TENANTS_TOKEN": TOKEN,
        "HANSA_PROXY_USAGE_INTERVAL": "0.1",
        "HANSA_TENANTS_INNER_UPSTREAMS": "true",
        **environment,
    }
    options = ProxyOptions(directory, {"tenants": control, **(apps or {})})
    async with proxy_program(settings, options) as running:
        listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
        port = listener.getsockname()[1]
        serving = asyncio.create_task(
            serve_router(running.app, listener, health=Health(), stop=stop, started=started.set, grace=5)
        )
        try:
            async with asyncio.timeout(LIMIT):
                await started.wait()
            yield Gateway(port, running)
        finally:
            stop.set()
            await serving


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = LIMIT) -> None:
    """Returns once it is so."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.01)
