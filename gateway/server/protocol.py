"""One connection of a client to uvicorn, kept from endless heads, from a stop in the midst of its requests, and from small writes."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.server.writes import HeadWithBody

MAX_HEAD_SIZE = 64 * 1024
_END = b"\r\n\r\n"
_REFUSAL = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_LINGER = 1.0
"""Seconds that an idle connection stays open after a stop: whoever keeps it in a pool sends a request meanwhile, which is
answered with `connection: close`, and sends no other one into a connection that is just being closed."""


class Protocol(HttpToolsProtocol):
    """A request's line and headers have `MAX_HEAD_SIZE` bytes at most; more is answered with 431 (RFC 6585)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_size = 0
        self._tail = b""
        self._is_stopping = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._writes = HeadWithBody(transport)
        super().connection_made(cast("asyncio.Transport", self._writes))

    def data_received(self, data: bytes) -> None:
        if self._in_head and self._is_too_large(data):
            self.transport.write(_REFUSAL)
            self.transport.close()
        else:
            super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_size = 0
        self._tail = b""
        self._writes.expect_head()
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._writes.flush()
        super().on_response_complete()

    def shutdown(self) -> None:
        """Called by the server when it is told to stop."""
        self._is_stopping = True
        if self._is_idle():
            self.loop.call_later(_LINGER, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _is_too_large(self, data: bytes) -> bool:
        """Whether the head does not end within the bytes that it may have."""
        room = MAX_HEAD_SIZE - self._head_size
        self._head_size += len(data)
        if len(data) <= room:
            self._tail = data[-3:]
            return False
        return _END not in self._tail + data[: max(room, 0)]

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()

    def _is_idle(self) -> bool:
        return bool(
            getattr(self.cycle, "response_complete", True)
        )  # before the first request there is no cycle
