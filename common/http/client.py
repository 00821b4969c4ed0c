"""The HTTP/1.1 client: one origin, a pool of kept connections, and what a request may cost in time."""

import asyncio
import ssl
import time
from collections.abc import Callable
from functools import cache
from typing import Protocol

from common.http.connection import Connection
from common.http.encoding import decoded
from common.http.errors import ConnectError, ConnectionLost, ProtocolError, TimeoutError_
from common.http.messages import Request, Response, TransportLimits
from common.http.pool import Pool


class Origin(Protocol):
    """Where connections lead; `authority` is what the Host header says."""

    authority: str

    async def connect(self, connection: Connection) -> None: ...


class TCPOrigin:
    def __init__(self, host: str, port: int, authority: str, tls: ssl.SSLContext | None) -> None:
        self.authority = authority
        self._host = host
        self._port = port
        self._tls = tls

    async def connect(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: connection, self._host, self._port, ssl=self._tls)


class UnixOrigin:
    authority = "localhost"

    def __init__(self, path: str) -> None:
        self._path = path

    async def connect(self, connection: Connection) -> None:
        await asyncio.get_running_loop().create_unix_connection(lambda: connection, self._path)


@cache
def default_tls() -> ssl.SSLContext:
    """The system's trusted roots, read once: that takes tens of milliseconds."""
    return ssl.create_default_context()


class HTTPTransport:
    """Requests to one origin (RFC 9112). See `Transport`."""

    def __init__(self, url: str, origin: Origin, path: str, limits: TransportLimits) -> None:
        self.url = url
        self._origin = origin
        self._path = path
        self._fixed_lines = f"host: {origin.authority}\r\naccept-encoding: gzip, deflate"
        self._limits = limits
        self._pool = Pool(
            self._connect, max_connections=limits.max_connections, idle_timeout=limits.idle_timeout
        )

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - part of the protocol; enforced by a timer
        limit = self._limits.response_timeout
        seconds = limit if timeout is None else min(timeout, limit)
        started = time.monotonic()
        head = self._encode_head(request)
        connection = self._pool.take_idle()
        if connection is not None:
            try:
                return await self._exchange(connection, head, request, seconds)
            except ConnectionLost:
                if not request.idempotent:
                    raise
        connection = await self._open(started + seconds - time.monotonic())
        return await self._exchange(connection, head, request, started + seconds - time.monotonic())

    async def close(self) -> None:
        await self._pool.close()

    async def _open(self, seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                return await self._pool.connect()
        except TimeoutError as error:
            raise TimeoutError_("no connection in time") from error

    async def _connect(self, on_close: Callable[[Connection], None]) -> Connection:
        connection = Connection(self._limits.max_response_size, on_close)
        try:
            async with asyncio.timeout(self._limits.connect_timeout):
                await self._origin.connect(connection)
        except TimeoutError as error:
            raise TimeoutError_("connecting took too long") from error
        except OSError as error:
            raise ConnectError(str(error)) from error
        return connection

    async def _exchange(
        self, connection: Connection, head: bytes, request: Request, seconds: float
    ) -> Response:
        try:
            status, headers, content = await connection.exchange(head, request.body, seconds, request.stream)
        finally:
            self._pool.release(connection)
        return decoded(status, headers, content, self._limits.max_response_size)

    def _encode_head(self, request: Request) -> bytes:
        lines = [
            f"{request.method} {request.path or self._path} HTTP/1.1",
            self._fixed_lines,
            f"content-length: {len(request.body)}"
            if request.stream is None
            else "transfer-encoding: chunked",
            *map(": ".join, request.headers),
        ]
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) or head.count("\r") != len(lines):  # `_fixed_lines` has one itself
            raise ProtocolError("a line break in a header or path")
        try:
            return head.encode("latin-1") + b"\r\n\r\n"
        except UnicodeEncodeError as error:
            raise ProtocolError("a header or path is not Latin-1") from error
