"""One HTTP/1.1 connection of a client: writes a request, parses the response, says if it can be kept."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httptools

from common.http.errors import ConnectionLost, ProtocolError, ResponseTooLarge, TransportError
from common.http.messages import Headers

_PIECE = 64 * 1024
_MAX_HEAD_SIZE = 64 * 1024

RawResponse = tuple[int, Headers, bytes]


class Connection(asyncio.Protocol):
    """At most one exchange at a time; `on_close` is called once, whoever closes.

    `uses` counts exchanges, `idle_since` is the loop's time of the last one's end.
    """

    def __init__(self, max_response_size: int, on_close: "Callable[[Connection], None]") -> None:
        self.uses = 0
        self.idle_since = 0.0
        self._max_size = max_response_size
        self._on_close = on_close
        self._transport: asyncio.Transport | None = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._response: asyncio.Future[RawResponse] | None = None
        self._room_to_write: asyncio.Future[None] | None = None
        self._begin()

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def answered(self) -> bool:
        """Whether a byte of the current response has come."""
        return self._received > 0

    def _begin(self) -> None:
        self._headers: list[tuple[str, str]] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._received = 0
        self._in_head = True
        self._ends_with_connection = False

    # The exchange

    async def exchange(self, head: bytes, body: bytes, limit: float, expired: TransportError) -> RawResponse:
        """Send and wait. After `limit` seconds `expired` is raised. Closes unless it ended well.

        A timer, because it costs a fraction of a timeout scope.
        """
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._begin()
        self.uses += 1
        response: asyncio.Future[RawResponse] = loop.create_future()
        self._response = response
        timer = loop.call_later(limit, self._fail, expired)
        try:
            if len(body) <= _PIECE:
                self._transport.write(head + body)
            else:
                await self._write_in_pieces(head, body, response)
            return await response
        finally:
            timer.cancel()
            self._response = None
            if not response.done() or response.cancelled() or response.exception() is not None:
                self.close()
            self.idle_since = loop.time()

    async def _write_in_pieces(
        self, head: bytes, body: bytes, response: "asyncio.Future[RawResponse]"
    ) -> None:
        pieces = memoryview(body)
        self._write(head)
        for start in range(0, len(body), _PIECE):
            if self._room_to_write is not None:
                await self._room_to_write
            if response.done():  # answered or lost before all was sent: the rest is of no use
                self.close()
                return
            self._write(pieces[start : start + _PIECE])

    def _write(self, data: bytes | memoryview) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, error: TransportError) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(error)
        self.resume_writing()
        self.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self._room_to_write = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._room_to_write is not None and not self._room_to_write.done():
            self._room_to_write.set_result(None)
        self._room_to_write = None

    def data_received(self, data: bytes) -> None:
        if self._response is None or self._response.done():
            self.close()  # nobody asked: what follows could not be told from the next response
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._fail(cause if isinstance(cause, TransportError) else ProtocolError(str(error)))
        except httptools.HttpParserUpgrade:
            self._fail(ProtocolError("the protocol was switched without being asked"))
        else:
            if self._in_head and self._received > _MAX_HEAD_SIZE:
                self._fail(ProtocolError("the response's header is too large"))

    def eof_received(self) -> None:
        if self._ends_with_connection and not self._in_head:
            self._finish(keep=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._parser = None  # it holds this object
        lost = ProtocolError if self.answered else ConnectionLost
        self._fail(lost(str(exc or "closed by the peer")))
        self._on_close(self)

    # httptools

    def on_message_begin(self) -> None:
        if self._response is None or self._response.done():
            self.close()  # more than was asked for, in the same segment

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._in_head = False
        for name, value in self._headers:
            if name == "content-length":
                self._check_size(int(value))
                return
            if name == "transfer-encoding":
                return
        self._ends_with_connection = self._parser.get_status_code() not in {204, 304}

    def on_body(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        self._check_size(self._size)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # 100 Continue, 103 Early Hints: the response follows
            self._begin()
            return
        self._finish(keep=self._parser.should_keep_alive())

    def _check_size(self, size: int) -> None:
        if size > self._max_size:
            raise ResponseTooLarge(f"more than {self._max_size} bytes")

    def _finish(self, *, keep: bool) -> None:
        response = self._response
        if response is not None and not response.done():
            body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
            response.set_result((self._parser.get_status_code(), tuple(self._headers), body))
        self.resume_writing()
        if not keep:
            self.close()
