"""One HTTP/1.1 connection of a client: writes a request, parses the response, says if it can be kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Any

import httptools

from common.http.encoding import decoded
from common.http.errors import ConnectionLost, ProtocolError, ResponseTooLarge, TimeoutError_, TransportError
from common.http.messages import Headers, Request, Response
from common.http.streams import next_or_done
from common.http.wire import Wire

_PIECE = 64 * 1024
_MAX_HEAD_SIZE = 64 * 1024


@lru_cache(maxsize=512)
def _name(raw: bytes) -> str:
    """Servers send few names, again and again."""
    return raw.decode("latin-1").lower()


_RawResponse = tuple[int, Headers, bytes]


class Connection(Wire):
    """At most one exchange at a time; `on_close` is called once, whoever closes."""

    def __init__(self, max_response_size: int, on_close: "Callable[[Connection], None]") -> None:
        super().__init__()
        self._max_size = max_response_size
        self._on_close = on_close
        self._parser: Any = httptools.HttpResponseParser(self)
        self._response: asyncio.Future[_RawResponse] | None = None
        self._begin()

    def _begin(self) -> None:
        self._headers: Headers = ()
        self._raw_headers: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._in_head = True
        self._ends_with_connection = False

    # The exchange

    async def exchange(self, head: bytes, request: Request, seconds: float) -> Response:
        """Send and wait, `seconds` at most: TimeoutError_ is raised then. Closes unless it ended well."""
        assert self._transport is not None
        self._begin()
        self._deadline.set(seconds, self._time_out)
        response: asyncio.Future[_RawResponse] = self._loop.create_future()
        self._response = response
        try:
            if request.stream is not None:
                await self._write_chunks(head, request.stream, response)
            elif len(request.body) <= _PIECE:
                self._transport.write(head + request.body)
            else:
                await self._write_in_pieces(head, request.body, response)
            return decoded(*await response, self._max_size)
        finally:
            self._response = None
            if not response.done() or response.cancelled() or response.exception() is not None:
                self.close()
            self._rest()

    def _time_out(self) -> None:
        self._fail(TimeoutError_("no response in time"))

    async def _write_in_pieces(
        self, head: bytes, body: bytes, response: "asyncio.Future[_RawResponse]"
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

    async def _write_chunks(
        self, head: bytes, stream: AsyncIterator[bytes], response: "asyncio.Future[_RawResponse]"
    ) -> None:
        self._write(head)
        while (chunk := await next_or_done(stream, response)) is not None:
            if self._room_to_write is not None:
                await self._room_to_write
            self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if response.done():  # before all was sent
            self.close()
        else:
            self._write(b"0\r\n\r\n")

    def _write(self, data: bytes | memoryview) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _fail(self, error: TransportError) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(error)
        self.resume_writing()
        self.close()

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        if self._response is None or self._response.done():
            self.close()  # nobody asked: what follows could not be told from the next response
            return
        if self._in_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._fail(cause if isinstance(cause, TransportError) else ProtocolError(str(error)))
        except httptools.HttpParserUpgrade:
            self._fail(ProtocolError("the protocol was switched without being asked"))
        else:
            if self._in_head and self._head_size > _MAX_HEAD_SIZE:
                self._fail(ProtocolError("the response's header is too large"))

    def eof_received(self) -> None:
        if self._ends_with_connection and not self._in_head:
            self._finish(keep=False)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._parser = None  # it holds this object
        lost = ProtocolError if self._head_size else ConnectionLost
        self._fail(lost(str(exc or "closed by the peer")))
        self._on_close(self)

    # httptools

    def on_message_begin(self) -> None:
        if self._response is None or self._response.done():
            self.close()  # more than was asked for, in the same segment

    def on_header(self, name: bytes, value: bytes) -> None:
        self._raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        headers = [(_name(name), value.decode("latin-1")) for name, value in self._raw_headers]
        self._headers = tuple(headers)
        for name, value in headers:
            if name == "content-length":
                if int(value) > self._max_size:
                    self._refuse()
                return
            if name == "transfer-encoding":
                return
        self._ends_with_connection = self._parser.get_status_code() not in {204, 304}

    def on_body(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        if self._size > self._max_size:
            self._refuse()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # 100 Continue, 103 Early Hints: the response follows
            self._begin()
        else:
            self._finish(keep=self._parser.should_keep_alive())

    def _refuse(self) -> None:
        raise ResponseTooLarge(f"more than {self._max_size} bytes")

    def _finish(self, *, keep: bool) -> None:
        response = self._response
        if response is not None and not response.done():
            response.set_result((self._parser.get_status_code(), self._headers, b"".join(self._chunks)))
        self.resume_writing()
        if not keep:
            self.close()
