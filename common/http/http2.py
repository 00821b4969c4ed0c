"""The HTTP/2 client: one origin, one connection for all requests to it (RFC 9113)."""

import asyncio

from common.http.client import HTTPTransport, Origin
from common.http.encoding import decoded
from common.http.errors import ConnectError, ConnectionLost, ProtocolError, TimeoutError_, Unprocessed
from common.http.http2_connection import Fields, Http2Connection
from common.http.messages import Request, Response, TransportLimits


class Http2Transport:
    """Requests to one origin; see `Transport`.

    Over TLS the protocol is agreed on with the first connection (ALPN): where the peer does not speak HTTP/2, `otherwise`
    carries the requests from then on, or ConnectError is raised where there is none. Without TLS the peer is known to
    speak it.
    """

    def __init__(
        self, url: str, origin: Origin, path: str, limits: TransportLimits, otherwise: HTTPTransport | None
    ) -> None:
        self.url = url
        self._origin = origin
        self._path = path
        self._limits = limits
        self._otherwise = otherwise
        self._falls_back = False
        self._connection: Http2Connection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._is_closed = False

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - part of the protocol
        limit = self._limits.response_timeout
        try:
            async with asyncio.timeout(limit if timeout is None else min(timeout, limit)):
                return await self._send(request)
        except TimeoutError as error:
            raise TimeoutError_("no response in time") from error

    async def close(self) -> None:
        self._is_closed = True
        if self._opening is not None:
            self._opening.cancel()
        if self._connection is not None:
            self._connection.close()
        if self._otherwise is not None:
            await self._otherwise.close()
        await asyncio.sleep(0)

    async def _send(self, request: Request) -> Response:
        fields = self._fields(request)
        connection = await self._usable()
        if connection is None:
            assert self._otherwise is not None
            return await self._otherwise.send(request)
        was_kept = connection.has_answered
        try:
            return await self._exchange(connection, fields, request)
        except Unprocessed:
            if request.stream is not None:  # what has come of it does not come again
                raise
        except ConnectionLost:
            if not (was_kept and request.idempotent):
                raise
        another = await self._usable()
        if another is None:
            raise ConnectionLost("the peer speaks HTTP/2 no more")
        return await self._exchange(another, fields, request)

    async def _exchange(self, connection: Http2Connection, fields: Fields, request: Request) -> Response:
        status, headers, content = await connection.exchange(fields, request.body, request.stream)
        return decoded(status, headers, content, self._limits.max_response_size)

    async def _usable(self) -> Http2Connection | None:
        """The connection, opened now if need be, by one for all; None where HTTP/1.1 was agreed on."""
        while not self._falls_back:
            if self._is_closed:
                raise ConnectionLost("the transport is closed")
            if self._connection is not None and self._connection.usable:
                return self._connection
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(self._opened)
            await self._opened_by(self._opening)
        return None

    async def _opened_by(self, opening: asyncio.Task[None]) -> None:
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            if opening.cancelled():
                raise ConnectionLost("the transport is closed") from None
            raise

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # seen, also where everyone who waited is gone

    async def _open(self) -> None:
        connection = Http2Connection(self._limits.max_response_size, self._limits.max_connections)
        try:
            async with asyncio.timeout(self._limits.connect_timeout):
                transport = await self._origin.connect(connection)
                if self._origin.is_secure and _agreed(transport) != "h2":
                    self._fall_back(connection)
                    return
                connection.start()
                await connection.ready
        except TimeoutError as error:
            connection.close()
            raise TimeoutError_("connecting took too long") from error
        except OSError as error:
            raise ConnectError(str(error)) from error
        if not connection.usable:
            raise ConnectionLost("closed as soon as it was open")
        self._connection = connection

    def _fall_back(self, connection: Http2Connection) -> None:
        connection.close()
        if self._otherwise is None:
            raise ConnectError("the peer does not speak HTTP/2")
        self._falls_back = True

    def _fields(self, request: Request) -> Fields:
        """Pseudo-header fields and fields (sections 8.2 and 8.3.1)."""
        pairs = [
            (":method", request.method),
            (":scheme", "https" if self._origin.is_secure else "http"),
            (":authority", self._origin.authority),
            (":path", request.path or self._path),
            ("accept-encoding", "gzip, deflate"),
            *((("content-length", str(len(request.body))),) if request.stream is None else ()),
            *((name.lower(), value) for name, value in request.headers),
        ]
        try:
            fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        except UnicodeEncodeError as error:
            raise ProtocolError("a header or path is not Latin-1") from error
        if any(mark in part for field in fields for part in field for mark in (b"\r", b"\n", b"\0")):
            raise ProtocolError("a line break in a header or path")
        return fields


def _agreed(transport: asyncio.BaseTransport) -> str | None:
    tls = transport.get_extra_info("ssl_object")
    return None if tls is None else tls.selected_alpn_protocol()
