"""Requests to an ASGI application of this process, with no socket between.

The application sees what a server would give it: the same headers, its own context variables (so that the
`traceparent` header decides about the trace, not the caller's context), a disconnect when the caller has
gone. As with a server, it is then left to finish what it does.
"""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from common.http.encoding import decoded
from common.http.errors import ConnectError, ProtocolError, ResponseTooLarge, TimeoutError_, TransportError
from common.http.messages import Headers, Request, Response, TransportLimits
from common.http.streams import next_or_done

Message = MutableMapping[str, Any]
ASGIApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

REFUSE = "hansa.http.refuse"
"""An extension of ASGI, for tests: an application that sends this is as one that refuses connections."""

_logger = logging.getLogger(__name__)


class InProcessTransport:
    """See `Transport`. `name` is the application's and serves as its host name."""

    def __init__(self, url: str, app: ASGIApp, name: str, path: str, limits: TransportLimits) -> None:
        self.url = url
        self._app = app
        self._name = name
        self._path = path
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - part of the protocol
        limit = self._limits.response_timeout
        exchange = _Exchange(request, self._limits.max_response_size)
        try:
            scope = scope_of(request, request.path or self._path, self._name)
        except UnicodeEncodeError as error:
            raise ProtocolError("a header or path is not Latin-1") from error
        self._start(exchange, scope)
        seconds = limit if timeout is None else min(timeout, limit)
        timer = asyncio.get_running_loop().call_later(seconds, exchange.expire)
        try:
            return await exchange.response
        finally:
            timer.cancel()
            exchange.disconnect()

    async def close(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, exchange: "_Exchange", scope: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._run(exchange, scope), context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, exchange: "_Exchange", scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            _logger.exception("Exception in the application %s", self._name)
            exchange.finish_broken()
        except asyncio.CancelledError:
            exchange.fail(ProtocolError("the application was stopped"))
            raise
        else:
            exchange.finish_broken()


class _Exchange:
    """The two channels of one ASGI request."""

    def __init__(self, request: Request, max_size: int) -> None:
        loop = asyncio.get_running_loop()
        self.response: asyncio.Future[Response] = loop.create_future()
        self._gone: asyncio.Future[None] = loop.create_future()
        self._body: bytes | None = request.body
        self._stream = request.stream
        self._max_size = max_size
        self._status = 0
        self._headers: Headers = ()
        self._chunks: list[bytes] = []
        self._size = 0

    async def receive(self) -> Message:
        if self._stream is not None and not self._gone.done():
            return await self._receive_piece(self._stream)
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.shield(self._gone)
        return {"type": "http.disconnect"}

    async def _receive_piece(self, stream: AsyncIterator[bytes]) -> Message:
        try:
            piece = await next_or_done(stream, self._gone)
        except TransportError as error:
            self.fail(error)
            self.disconnect()
            piece = None
        if piece is not None:
            return {"type": "http.request", "body": piece, "more_body": True}
        self._stream = None
        return {"type": "http.disconnect"} if self._gone.done() else await self.receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            )
        elif message["type"] == "http.response.body":
            self._add(message.get("body", b""))
            if not message.get("more_body", False):
                self._finish()
        elif message["type"] == REFUSE:
            self.fail(ConnectError("the application refuses connections"))

    def _add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._max_size:
            self._chunks.clear()
            self.fail(ResponseTooLarge(f"more than {self._max_size} bytes"))
        elif not self.response.done():
            self._chunks.append(bytes(chunk))

    def _finish(self) -> None:
        if self.response.done():
            return
        try:
            response = decoded(self._status, self._headers, b"".join(self._chunks), self._max_size)
        except TransportError as error:
            self.fail(error)
        else:
            self.response.set_result(response)

    def finish_broken(self) -> None:
        """The application has ended: without a start a server answers 500, in the midst it hangs up."""
        if self.response.done():
            return
        if self._status:
            self.fail(ProtocolError("the application stopped in the middle of the response"))
        else:
            headers = (("content-type", "text/plain; charset=utf-8"),)
            self.response.set_result(Response(500, headers, b"Internal Server Error"))

    def expire(self) -> None:
        self.fail(TimeoutError_("no response in time"))

    def fail(self, error: TransportError) -> None:
        if not self.response.done():
            self.response.set_exception(error)

    def disconnect(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)


def scope_of(request: Request, target: str, host: str) -> dict[str, Any]:
    """The ASGI scope of a request for `target`. Raises UnicodeEncodeError for what is not Latin-1."""
    path, _, query = target.partition("?")
    framing = ("content-length", str(len(request.body)))
    if request.stream is not None:
        framing = ("transfer-encoding", "chunked")
    headers = (("host", host), framing, *request.headers)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 0),
        "server": (host, None),
        "extensions": {REFUSE: {}},
    }
