"""Serves an app on a free port of this process."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.server.asgi import ASGIApp
from gateway.server.health import Health
from gateway.server.serving import open_listener, serve_router


@asynccontextmanager
async def serving(app: ASGIApp, *, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[str]:
    """The URL of the app's root, as long as it is served."""
    listener = open_listener("127.0.0.1", port)
    port = listener.getsockname()[1]
    stop, started = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(
        serve_router(app, listener, health=Health(), stop=stop, started=started.set, tls=tls)
    )
    await asyncio.wait({task, asyncio.create_task(started.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        stop.set()
        await task
