"""Servers on loopback that behave as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Peer:
    """One accepted connection, as a server's test behaviour sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def request(self) -> tuple[bytes, bytes]:
        """The head and body of the next request. Raises IncompleteReadError at the end."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
        )
        return head, await self.reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def respond(self, body: bytes = b"{}", headers: str = "", status: str = "200 OK") -> None:
        await self.send(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body)


Behaviour = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    """`connections` counts what was accepted, `closed` what has ended."""

    behaviour: Behaviour
    url: str = ""
    connections: int = 0
    closed: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            await self.behaviour(Peer(reader, writer, self.connections))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has closed
        finally:
            self.closed += 1
            self.open.discard(writer)
            writer.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Starts servers; `ssl` makes it TLS, `path` a Unix socket."""
    started: list[tuple[asyncio.Server, Server]] = []

    async def start(behaviour: Behaviour, **options: Any) -> Server:
        server = Server(behaviour)
        if "path" in options:
            listener = await asyncio.start_unix_server(server.handle, **options)
            server.url = f"unix://{options['path']}?path=/graphql"
        else:
            listener = await asyncio.start_server(server.handle, "127.0.0.1", 0, **options)
            port = listener.sockets[0].getsockname()[1]
            server.url = f"{'https' if options else 'http'}://localhost:{port}/graphql"
        started.append((listener, server))
        return server

    yield start
    for listener, server in started:
        listener.close()
        for writer in tuple(server.open):
            writer.transport.abort()
    await asyncio.sleep(0.01)
