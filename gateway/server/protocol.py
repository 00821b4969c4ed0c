"""One connection of a client to uvicorn, kept from endless and slow heads, from a stop in the midst of its requests, and from what each would pay anew."""

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from common.http.wire import Timer
from gateway.server.cycle import Cycle, late

MAX_HEAD_SIZE = 64 * 1024
HEAD_TIMEOUT = 10.0
"""Seconds in which a head must come whole once it has begun, and the first one once there is a connection."""
_END = b"\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_LINGER = 1.0
"""Seconds that an idle connection stays open after a stop: whoever keeps it in a pool sends a request meanwhile, which is
answered with `connection: close`, and sends no other one into a connection that is just being closed."""


class Protocol(HttpToolsProtocol):
    """A request's line and headers have `MAX_HEAD_SIZE` bytes and `HEAD_TIMEOUT` at most; else the answer is 431 (RFC 6585) or 408.

    What is uvicorn's own, such as pipelined requests and upgrades, stays so; its timer for each pause between two requests is one for all of them.
    """

    cycle: Cycle

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_size = 0
        self._tail = b""
        self._is_stopping = False
        self._pause = Timer()
        self._awaits_head = False
        self._late = late()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._pause.set(HEAD_TIMEOUT, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pause.close()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head and self._is_too_large(data):
            self._refuse(_TOO_LARGE)
        else:
            super().data_received(data)
            self._watch_head()

    def _watch_head(self) -> None:
        """Time a head that has begun and is not here whole, from its beginning; whoever sends it byte by byte gains nothing."""
        is_begun = self._in_head and self._head_size > 0
        if not is_begun:
            self._pause.clear()
        elif not self._awaits_head:
            self._pause.set(HEAD_TIMEOUT, self._refuse_slow_head)
        self._awaits_head = is_begun

    def _refuse_slow_head(self) -> None:
        if self._is_idle() and not self.transport.is_closing():
            self._refuse(_TOO_SLOW)

    def _refuse(self, answer: bytes) -> None:
        """Hang up; whoever is being answered is told nothing in the midst of that."""
        if self._is_idle():
            self.transport.write(answer)
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        cycle: Cycle | None = self.cycle
        if cycle is not None:
            cycle.flush()
        super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_size = 0
        self._tail = b""
        version, scope = self.parser.get_http_version(), self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        url = httptools.parse_url(self.url)
        scope["raw_path"] = url.path
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["query_string"] = url.query or b""
        self._begin(keep_alive=version != "1.0" and self.parser.should_keep_alive() and not self._is_stopping)

    def _begin(self, *, keep_alive: bool) -> None:
        before: Cycle | None = self.cycle
        self.cycle = Cycle(
            self.scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            self.access_log,
            self.server_state.default_headers,
            asyncio.Event(),
            self.expect_100_continue,
            keep_alive,
            self.on_response_complete,
        )
        self.cycle.late = self._late
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._pause.set(self.timeout_keep_alive, self.timeout_keep_alive_handler)

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
