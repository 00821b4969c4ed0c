"""The HTTP/1.1 client: one origin, a pool of kept connections, and what a request may cost in time."""

import asyncio
import ssl
import time
from collections.abc import Callable
from functools import cache
from typing import Protocol

from common.http.connection import Connection
from common.http.errors import ConnectError, ConnectionLost, TimeoutError_
from common.http.heads import encode_head
from common.http.messages import Http2, Request, Response, TransportLimits
from common.http.pool import Pool


class Origin(Protocol):
    """Where connections lead, by TLS if `is_secure`; `authority` is what the Host header says."""

    authority: str
    is_secure: bool

    async def connect(self, connection: asyncio.Protocol) -> asyncio.BaseTransport: ...


class TCPOrigin:
    def __init__(self, host: str, port: int, authority: str, tls: ssl.SSLContext | None) -> None:
        self.authority = authority
        self.is_secure = tls is not None
        self._host = host
        self._port = port
        self.tls = tls

    async def connect(self, connection: asyncio.Protocol) -> asyncio.BaseTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: connection, self._host, self._port, ssl=self.tls)
        return transport


class UnixOrigin:
    authority = "localhost"
    is_secure = False

    def __init__(self, path: str) -> None:
        self._path = path

    async def connect(self, connection: asyncio.Protocol) -> asyncio.BaseTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_unix_connection(lambda: connection, self._path)
        return transport


@cache
def default_tls(http2: Http2 = Http2.DISABLE) -> ssl.SSLContext:
    """The system's trusted roots, read once for each way to agree on a protocol: that takes tens of milliseconds."""
    return offering(ssl.create_default_context(), http2)


def offering(tls: ssl.SSLContext, http2: Http2) -> ssl.SSLContext:
    """`tls`, changed to offer the protocols that `http2` allows (RFC 7301)."""
    if http2 is not Http2.DISABLE:
        tls.set_alpn_protocols(["h2"] if http2 is Http2.ONLY else ["h2", "http/1.1"])
    return tls


class HTTPTransport:
    """Requests to one origin (RFC 9112). See `Transport`."""

    def __init__(self, url: str, origin: Origin, path: str, limits: TransportLimits) -> None:
        self.url = url
        self._origin = origin
        self._path = path
        self._fixed_lines = (f"host: {origin.authority}", "accept-encoding: gzip, deflate")
        self._limits = limits
        self._pool: Pool[Connection] = Pool(
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
                return await connection.exchange(head, request, seconds)
            except ConnectionLost:
                if not request.idempotent:
                    raise
            finally:
                self._pool.release(connection)
        connection = await self._open(started + seconds - time.monotonic())
        try:
            return await connection.exchange(head, request, started + seconds - time.monotonic())
        finally:
            self._pool.release(connection)

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

    def _encode_head(self, request: Request) -> bytes:
        lines = [
            f"{request.method} {request.path or self._path} HTTP/1.1",
            *self._fixed_lines,
            f"content-length: {len(request.body)}"
            if request.stream is None
            else "transfer-encoding: chunked",
            *map(": ".join, request.headers),
        ]
        return encode_head(lines)
