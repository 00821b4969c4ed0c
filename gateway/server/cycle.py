"""One request of a client to uvicorn and the response to it, whose head waits for its body.

The two are one system call and one segment, which halves what answering costs. A head is looked through once as a whole, and not
header by header.
"""

import asyncio
import re
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_PATIENCE = 0.002
"""Seconds that a head waits for a body at most. One timer serves all connections: a step of the loop for each would cost what is saved."""
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_CONTROL = bytes(code for code in (*range(0x20), 0x7F) if code != 0x09)
"""What no value has in it (RFC 9110, section 5.5)."""
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection"))
_BODILESS = frozenset((204, 304))


class Cycle(RequestResponseCycle):
    """uvicorn's, but for how it answers."""

    late: "Late"
    _head = b""
    _tells_end = False

    async def run_asgi(self, app: Any) -> None:
        """Runs `app` for the request; whatever it does, the client is answered or hung up on."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:  # a task that is cancelled answers, too
            self.logger.error("Exception in ASGI application\n", exc_info=error)  # noqa: TRY400 - with one that is no Exception, too
            await self._fail()
        else:
            if not (self.response_complete or self.disconnected):
                self.logger.error("The ASGI application has ended before its response")
                await self._fail()
        finally:
            self.on_response = _nothing

    async def _fail(self) -> None:
        if self.response_started:
            self.flush()
            self.transport.close()
        else:
            await self.send_500_response()

    async def send(self, message: Any) -> None:
        """Takes ASGI's messages of a response. Raises RuntimeError for what is none."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            self._start(message)
        elif not self.response_complete:
            self._continue(message)
        else:
            raise RuntimeError(f"{message['type']} after the response's end")

    def flush(self) -> None:
        """Write a head whose body is late; a transport that was lost meanwhile takes nothing."""
        head, self._head = self._head, b""
        if head and not self.transport.is_closing():
            self.transport.write(head)

    def _start(self, message: Any) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"{message['type']} before http.response.start")
        self.response_started = True
        self.waiting_for_100_continue = False
        status: int = message["status"]
        fields = self._fields((*self.default_headers, *message.get("headers", ())))
        if not (self.keep_alive or self._tells_end):
            fields += b"connection: close\r\n"
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in _BODILESS:
            self.chunked_encoding = True
            fields += b"transfer-encoding: chunked\r\n"
        self._head = b"%b%b\r\n" % (STATUS_LINE[status], fields)
        self.late.add(self)

    def _fields(self, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
        pairs = [(_name(name), value) for name, value in headers]
        for name, value in pairs:
            if name in _FRAMING:
                self._frame(name, value)
        fields = b"\r\n".join([*map(b": ".join, pairs), b""])
        if len(fields) - len(fields.translate(None, _CONTROL)) != len(b"\r\n" * len(pairs)):
            raise RuntimeError("A header's value has a control character in it")
        return fields

    def _frame(self, name: bytes, value: bytes) -> None:
        """Note what a header says of the message's end and the connection's."""
        if name == b"content-length":
            if self.chunked_encoding is None:
                self.expected_content_length = int(value)
                self.chunked_encoding = False
        elif name == b"transfer-encoding":
            if value.lower() == b"chunked":
                self.expected_content_length = 0
                self.chunked_encoding = True
        elif b"close" in [option.strip() for option in value.lower().split(b",")]:
            self.keep_alive, self._tells_end = False, True

    def _continue(self, message: Any) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError(f"{message['type']} in the midst of a response")
        body: bytes = message.get("body", b"")
        is_last = not message.get("more_body", False)
        data = self._head + self._framed(body, is_last=is_last)
        if is_last and self.expected_content_length:
            raise RuntimeError("The response is shorter than its Content-Length")
        self._head = b""
        if data:
            self.transport.write(data)
        if is_last:
            self._complete()

    def _framed(self, body: bytes, *, is_last: bool) -> bytes:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            return b""
        if self.chunked_encoding:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if is_last else chunk
        self.expected_content_length -= len(body)
        if self.expected_content_length < 0:
            raise RuntimeError("The response is longer than its Content-Length")
        return body

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _nothing() -> None:
    """What is called of a request that is over."""


@lru_cache(maxsize=4096)
def _name(name: bytes) -> bytes:
    """A header's name in lower case. Raises RuntimeError where it is no token (RFC 9110, section 5.1)."""
    if _TOKEN(name) is None:
        raise RuntimeError("A header's name is no token")
    return name.lower()


class Late:
    """Flushes the cycles of one loop a moment after they were added."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Cycle] = []

    def add(self, cycle: Cycle) -> None:
        if not self._waiting:
            self._loop.call_later(_PATIENCE, self._flush)
        self._waiting.append(cycle)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for cycle in waiting:
            cycle.flush()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Late] = WeakKeyDictionary()


def late() -> Late:
    """The running loop's."""
    loop = asyncio.get_running_loop()
    found = _of_loops.get(loop)
    if found is None:
        found = _of_loops[loop] = Late(loop)
    return found
