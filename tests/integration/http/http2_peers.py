"""Servers that speak HTTP/2: hypercorn, which does it well, and one whose every frame a test decides on."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from hypercorn.asyncio import serve
from hypercorn.config import Config


class App:
    """Echoes bodies, with the HTTP version as a header; counts what is under way, and clients that went away.

    `busy` is set once two requests are under way.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.under_way = self.most = self.gone = 0
        self.busy = asyncio.Event()
        self.clients: set[Any] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.clients.add(tuple(scope["client"]))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.under_way > 1:
            self.busy.set()
        try:
            await self._answer(scope, receive, send)
        finally:
            self.under_way -= 1

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        chunks = []
        while True:
            message = await receive()
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        try:
            async with asyncio.timeout(self.seconds):
                self.gone += (await receive())["type"] == "http.disconnect"
                return
        except TimeoutError:
            pass
        headers = [(b"x-version", scope["http_version"].encode()), *scope["headers"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"".join(chunks)})


@asynccontextmanager
async def hypercorn(app: Any, certificate: Path | None = None, **settings: Any) -> AsyncIterator[str]:
    """The URL of `app`, by TLS with a certificate."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = None
    config.graceful_timeout = 0.1
    if certificate:
        config.certfile = config.keyfile = str(certificate)
    for name, value in settings.items():
        setattr(config, name, value)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))
    try:
        yield f"{'https' if certificate else 'http'}://localhost:{port}/graphql"
    finally:
        stop.set()
        await serving


class Peer:
    """One accepted connection: what came, and frames to send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.number = number
        self.h2 = H2Connection(H2Configuration(client_side=False))
        self._reader = reader
        self._writer = writer

    async def greet(self) -> None:
        self.h2.initiate_connection()
        await self.flush()

    async def requests(self, count: int) -> list[int]:
        """The ids of the next requests."""
        ids: list[int] = []
        while len(ids) < count:
            data = await self._reader.read(65536)
            if not data:
                raise ConnectionError
            for event in self.h2.receive_data(data):
                if isinstance(event, RequestReceived):
                    ids.append(event.stream_id)
                if isinstance(event, DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            await self.flush()
        return ids

    async def answer(self, stream_id: int, body: bytes = b"ok") -> None:
        self.h2.send_headers(stream_id, [(":status", "200")])
        self.h2.send_data(stream_id, body, end_stream=True)
        await self.flush()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def flush(self) -> None:
        await self.send(self.h2.data_to_send())

    async def closed(self) -> None:
        """Returns when the client has closed."""
        while await self._reader.read(65536):
            pass


@asynccontextmanager
async def peers(behave: Callable[[Peer], Awaitable[None]]) -> AsyncIterator[str]:
    """The URL of a server that behaves like that on each connection, and closes it then."""
    count = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        try:
            await behave(Peer(reader, writer, count))
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    finally:
        server.close()
        await asyncio.sleep(0.01)
