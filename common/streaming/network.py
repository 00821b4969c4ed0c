"""Streams over TCP, TLS and Unix sockets: one HTTP/1.1 connection each (RFC 9112)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import httptools

from common.http import ConnectError, ProtocolError, Request, TimeoutError_, TransportLimits
from common.http.client import Origin
from common.http.heads import encode_head
from common.http.messages import Headers
from common.streaming.response import StreamedResponse
from common.streaming.websocket import Address, WebSocket

_PIECE = 64 * 1024
_MAX_HEAD_SIZE = 64 * 1024
_KEEP_ALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
"""A peer that vanished is noticed after a minute, also where nothing is to be sent."""


class NetworkStreams:
    """See `Streams`."""

    def __init__(
        self, url: str, origin: Origin, address: Address, path: str, limits: TransportLimits
    ) -> None:
        self.url = url
        self._origin = origin
        self._address = address
        self._path = path
        self._limits = limits

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[StreamedResponse]:
        head = encode_head(self._lines(request))
        reader, transport = await self._connect()
        try:
            transport.write(head + request.body)
            response = _Reading(reader)
            await response.read_head(self._limits.response_timeout)
            yield StreamedResponse(response.status, response.headers, response.pieces())
        finally:
            transport.abort()

    def connect(
        self, path: str, subprotocol: str, headers: Headers
    ) -> AbstractAsyncContextManager[WebSocket]:
        from common.streaming.websocket_client import (  # noqa: PLC0415 - websockets loads only when it is used
            open_websocket,
        )

        return open_websocket(self._address, path or self._path, subprotocol, headers, self._limits)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.Transport]:
        reader = asyncio.StreamReader()
        try:
            async with asyncio.timeout(self._limits.connect_timeout):
                opened = await self._origin.connect(asyncio.StreamReaderProtocol(reader))
        except TimeoutError as error:
            raise TimeoutError_("connecting took too long") from error
        except OSError as error:
            raise ConnectError(str(error)) from error
        transport = cast("asyncio.Transport", opened)
        _keep_alive(transport.get_extra_info("socket"))
        return reader, transport

    def _lines(self, request: Request) -> list[str]:
        return [
            f"{request.method} {request.path or self._path} HTTP/1.1",
            f"host: {self._origin.authority}",
            f"content-length: {len(request.body)}",
            "connection: close",
            *map(": ".join, request.headers),
        ]


class _Reading:
    """Parses one response as its bytes come."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._head_size = 0
        self._is_in_head = True
        self._is_whole = False
        self._ends_with_connection = True

    @property
    def status(self) -> int:
        return int(self._parser.get_status_code())

    @property
    def headers(self) -> Headers:
        return tuple(self._headers)

    async def read_head(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._is_in_head:
                    if self._head_size > _MAX_HEAD_SIZE:
                        raise ProtocolError("the response's header is too large")
                    self._head_size += await self._feed()
        except TimeoutError as error:
            raise TimeoutError_("no response in time") from error

    async def pieces(self) -> AsyncIterator[bytes]:
        while True:
            body, self._body = self._body, []
            for piece in body:
                yield piece
            if self._is_whole:
                return
            if not await self._feed():
                return

    async def _feed(self) -> int:
        """Parses the next bytes; none where the connection's end is the response's."""
        try:
            data = await self._reader.read(_PIECE)
        except OSError as error:
            raise ConnectError(str(error)) from error
        if not data:
            if self._is_in_head or not self._ends_with_connection:
                raise ConnectError("the connection ended in the midst of the response")
            return 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise ProtocolError(str(error)) from error
        return len(data)

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self.status < 200:  # 103 Early Hints: the response follows
            self._headers.clear()
            return
        self._is_in_head = False
        framed = {"content-length", "transfer-encoding"}
        self._ends_with_connection = not any(name in framed for name, _ in self._headers)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        self._is_whole = not self._is_in_head


def _keep_alive(connection: socket.socket) -> None:
    if connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
