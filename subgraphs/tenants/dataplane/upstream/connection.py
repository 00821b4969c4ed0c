"""One HTTP/1.1 connection to a target (RFC 9112): a request goes out as it comes in, its response is read as it comes.

Nothing is decoded and no header is looked at but those that frame the message. `common.http` gives whole responses; here
both sides are streams, and whoever does not read makes the other one wait.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httptools
from msgspec import Struct

from common.http import ProtocolError, TimeoutError_, TransportError
from common.http.errors import ConnectionLost
from common.http.wire import Timer, Wire

_MAX_HEAD_SIZE = 64 * 1024
_MUCH = 128 * 1024
"""Bytes of a body that wait for their reader before the target does."""

RawHeaders = list[tuple[bytes, bytes]]


class Head(Struct, frozen=True):
    """A response's status and its headers as they came."""

    status: int
    headers: RawHeaders


class Connection(Wire):
    """At most one exchange at a time; `on_close` is called once, whoever closes. `watch` is a timer of whoever has the exchange."""

    def __init__(self, on_close: "Callable[[Connection], None]") -> None:
        super().__init__()
        self._on_close = on_close
        self._parser: Any = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._patience = 0.0
        self.watch = Timer()
        self._is_busy = False
        self._begin()

    def _begin(self) -> None:
        self._answer: Head | None = None
        self._headers: RawHeaders = []
        self._pieces: list[bytes] = []
        self._size = self._head_size = 0
        self._has_ended = self._is_paused = self._keep = False
        self._ends_with_connection = False
        self._error: TransportError | None = None

    # The exchange

    def start(self, head: bytes, *, is_bodiless: bool) -> None:
        """Send a request's head, or all of it. `is_bodiless` says that the response has no body: HEAD asks for it."""
        self._begin()
        self._is_busy, self._is_bodiless = True, is_bodiless
        if self._transport is None:
            raise ConnectionLost("closed before the request was sent")
        self._transport.write(head)

    async def write(self, data: bytes) -> None:
        """Send more of it, once there is room. Raises TransportError."""
        if self._room_to_write is not None:
            await self._room_to_write
        if self._transport is None:
            raise self._error or ConnectionLost("closed while the request was sent")
        self._give(self._patience)  # the target cannot answer before it has all
        self._transport.write(data)

    async def head(self, seconds: float) -> Head:
        """The response's head, within `seconds`. Raises TransportError."""
        self._give(seconds)
        while self._answer is None:
            await self._wait()
        return self._answer

    @property
    def has_ended(self) -> bool:
        """Whether all of the response is here."""
        return self._has_ended

    def read_now(self) -> bytes:
        """What has come of the body."""
        pieces = self._pieces
        if not pieces:
            return b""
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces, self._size = [], 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return body

    async def read(self, seconds: float) -> bytes:
        """The next of the body, waited for `seconds` at most; nothing at its end. Raises TransportError."""
        while not self._pieces and not self._has_ended:
            self._give(seconds)
            await self._wait()
        return self.read_now()

    def end(self, *, is_whole: bool) -> None:
        """The exchange is over; without both messages being whole the connection is, too."""
        self._is_busy = False
        self._rest()
        if not (is_whole and self._has_ended and self._keep):
            self.close()

    def fail(self, error: TransportError) -> None:
        """Whoever waits for the response gets `error`; for the connection it is the end."""
        if self._error is None:
            self._error = error
        self._wake()
        self.resume_writing()
        self.close()

    # Waiting

    def _give(self, seconds: float) -> None:
        self._patience = seconds
        self._deadline.set(seconds, self._time_out)

    def _time_out(self) -> None:
        if self._waiter is not None:
            self.fail(TimeoutError_("no response in time"))

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        if not self._is_busy or self._has_ended:
            self._keep = False
            self.close()  # nobody asked: what follows could not be told from the next response
            return
        if self._answer is None:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail(ProtocolError(str(error)))
        except httptools.HttpParserUpgrade:
            self.fail(ProtocolError("the protocol was switched without being asked"))
        else:
            if self._answer is None and self._head_size > _MAX_HEAD_SIZE:
                self.fail(ProtocolError("the response's header is too large"))
            self._wake()

    def eof_received(self) -> None:
        if self._ends_with_connection and self._answer is not None:
            self._has_ended = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.watch.close()
        self._parser = None  # it holds this object
        if not self._has_ended:
            lost = ProtocolError if self._head_size else ConnectionLost
            self.fail(lost(str(exc or "closed by the target")))
        self._on_close(self)

    # httptools

    def on_message_begin(self) -> None:
        if self._has_ended:
            self._keep = False
            raise ProtocolError("more than was asked for, in the same segment")  # which ends the parsing

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 103 Early Hints: the response follows
            return
        if self._head_size > _MAX_HEAD_SIZE and sum(map(_size, self._headers)) > _MAX_HEAD_SIZE:
            raise ProtocolError("the response's header is too large")
        self._answer = Head(status, self._headers)
        if self._is_bodiless:
            self._has_ended, self._keep = True, self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)  # this one would wait for the body
        elif status not in {204, 304} and not self._parser.should_keep_alive():
            framed = {b"content-length", b"transfer-encoding"}
            self._ends_with_connection = not any(name.lower() in framed for name, _ in self._headers)

    def on_body(self, data: bytes) -> None:
        if self._has_ended:
            return
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _MUCH and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._answer is None:  # an interim response
            self._headers, self._head_size = [], 0
        elif not self._has_ended:
            self._has_ended, self._keep = True, self._parser.should_keep_alive()


def _size(header: tuple[bytes, bytes]) -> int:
    return len(header[0]) + len(header[1])
