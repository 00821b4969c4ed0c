"""One ASGI app, reached by each kind of URL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from common.http import TransportLimits
from common.streaming import Streams, open_streams
from gateway.server.handshakes import WebSocketProtocol


class App:
    """Streams what is put into `pieces` until a None; echoes texts over a WebSocket; `gone` is set when a client has left."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.requests: list[tuple[dict[str, Any], bytes]] = []
        self.gone = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._stream(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._echo(scope, receive, send)

    async def _stream(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests.append((scope, (await receive())["body"]))
        if scope["path"] == "/silent":
            await receive()
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Kind", b"stream")]})
        left = asyncio.create_task(receive())
        while not left.done():
            piece = asyncio.create_task(self.pieces.get())
            await asyncio.wait({left, piece}, return_when=asyncio.FIRST_COMPLETED)
            if not piece.done():
                piece.cancel()
                break
            if piece.result() == b"break":
                raise RuntimeError("a defect")
            await send(
                {
                    "type": "http.response.body",
                    "body": piece.result() or b"",
                    "more_body": piece.result() is not None,
                }
            )
            if piece.result() is None:
                left.cancel()
                return
        self.gone.set()

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests.append((scope, b""))
        await receive()
        if scope["path"] == "/refused":
            await send({"type": "websocket.close"})
            return
        offered = scope["subprotocols"][0] if scope["path"] != "/other" else None
        await send({"type": "websocket.accept", "subprotocol": offered})
        while (message := await receive())["type"] == "websocket.receive":
            if message["text"] == "close":
                await send({"type": "websocket.close", "code": 4400, "reason": "no"})
                continue
            await send({"type": "websocket.send", "text": message["text"]})
        self.gone.set()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.has_started.set()


@contextlib.asynccontextmanager
async def served(app: Any, **where: Any) -> AsyncIterator[uvicorn.Server]:
    config = uvicorn.Config(
        app, lifespan="off", ws=WebSocketProtocol, log_config=None, timeout_graceful_shutdown=1, **where
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    await server.has_started.wait()
    try:
        yield server
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture(params=["tcp", "unix", "in process"])
async def streams(request: pytest.FixtureRequest, app: App, tmp_path: Path) -> AsyncIterator[Streams]:
    limits = TransportLimits(response_timeout=1.0, connect_timeout=1.0)
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "tcp":
            server = await stack.enter_async_context(served(app, port=0))
            port = server.servers[0].sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}/graphql"
        elif request.param == "unix":
            path = str(tmp_path / "app.sock")
            await stack.enter_async_context(served(app, uds=path))
            url = f"unix://{path}?path=/graphql"
        else:
            url = "app://app/graphql"
        yield open_streams(url, apps={"app": app}, limits=limits)
