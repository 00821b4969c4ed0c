"""Programs as processes of their own, and apps that they ask."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from common.http import Request, TransportError, open_transport
from gateway.server.health import Health
from gateway.server.serving import open_listener, serve_router
from tests.integration.proxy.control import TOKEN

INNER = {"HANSA_TENANTS_INNER_UPSTREAMS": "true"}
HANSA = Path(sys.executable).with_name("hansa")


@asynccontextmanager
async def app_server(app: Any) -> AsyncIterator[str]:
    """The URL of an ASGI app without a lifespan that is served here."""

    async def with_lifespan(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
        else:
            await app(scope, receive, send)

    listener, stop = open_listener("127.0.0.1", 0), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(serve_router(with_lifespan, listener, health=Health(), stop=stop, grace=1))
    try:
        yield url
    finally:
        stop.set()
        await serving


@asynccontextmanager
async def program(
    arguments: Sequence[str | Path],
    environment: Mapping[str, str],
    log: Path,
    ready: str,
    *,
    command: Sequence[str | Path] = (HANSA,),
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A process that answers at `ready`; it is told to stop at the end."""
    process = _spawn([*command, *arguments], environment, log)
    try:
        await _until_ready(process, ready, log)
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await asyncio.to_thread(process.wait, 30)


def _spawn(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)


async def _until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    async with AsyncExitStack() as stack:
        transport = open_transport(url)
        stack.push_async_callback(transport.close)
        async with asyncio.timeout(60):
            while True:
                try:
                    if (await transport.send(Request(method="GET"), timeout=2)).status < 500:
                        return
                except TransportError:
                    if process.poll() is not None:
                        raise RuntimeError(f"it has ended; see {log}") from None
                await asyncio.sleep(0.05)


def free_port() -> int:
    with open_listener("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def proxy_process(
    directory: Path, control: str, *, ports: tuple[int, int] | None = None, **environment: str
) -> AsyncIterator[tuple[subprocess.Popen[bytes], int, int]]:
    """`hansa proxy`, and the ports of its clients and its operators. Its log is `proxy.log` beside its directory."""
    port, doors = ports or (free_port(), free_port())
    listening = ("--listen", f"127.0.0.1:{port}", "--doors", f"127.0.0.1:{doors}")
    settings = {"HANSA_TENANTS_URL": control, "HANSA_TENANTS_TOKEN": TOKEN, **INNER, **environment}
    log, ready = directory.with_name("proxy.log"), f"http://127.0.0.1:{doors}/health/live"
    async with program(("proxy", *listening, "--directory", directory), settings, log, ready) as process:
        yield process, port, doors
