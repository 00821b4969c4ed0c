"""Upstreams for the proxy's tests: servers on sockets that remember what they have got."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    """One request as an upstream has got it."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes
    raw: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


Behaviour = Callable[["Seen", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool | None]]


@dataclass
class Server:
    """Answers by `behaviour`, which gives False to end the connection; `seen` is what it has got."""

    behaviour: Behaviour
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    reads_body: bool = True
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            self._server = None

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                seen = await read_message(reader, with_body=self.reads_body)
                self.seen.append(seen)
                if await self.behaviour(seen, reader, writer) is False:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            self._writers.discard(writer)
            writer.close()


async def read_message(
    reader: asyncio.StreamReader, *, with_body: bool = True, is_response: bool = False
) -> Seen:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *lines = head[:-4].decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (each.partition(": ") for each in lines)]
    framing = {name.lower(): value for name, value in headers}
    body = raw = b""
    if with_body and framing.get("transfer-encoding") == "chunked":
        while True:
            size = await reader.readuntil(b"\r\n")
            piece = await reader.readexactly(int(size, 16) + 2)
            raw, body = raw + size + piece, body + piece[:-2]
            if size == b"0\r\n":
                break
    elif with_body and "content-length" in framing:
        raw = body = await reader.readexactly(int(framing["content-length"]))
    elif with_body and is_response and framing.get("connection") == "close":
        raw = body = await reader.read()
    return Seen(line, headers, body, head + raw)


async def echo(seen: Seen, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What it has got, as JSON."""
    body = json.dumps(
        {"line": seen.line, "headers": seen.headers, "body": seen.body.decode("latin-1")}
    ).encode()
    if seen.line.startswith("HEAD"):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nserver: echo\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()


def saying(answer: bytes) -> Behaviour:
    async def say(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return say


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def server(behaviour: Behaviour = echo, *, reads_body: bool = True) -> AsyncIterator[Server]:
    running = Server(behaviour, reads_body=reads_body)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
