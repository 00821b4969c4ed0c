"""Streams from an ASGI application of this process, with no socket between.

The application sees what a server would give it, waits where the other end does not read, and is told of its going away.
"""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from common.http import ASGIApp, ProtocolError, Request, TransportLimits
from common.http.in_process import scope_of
from common.http.messages import Headers
from common.streaming.channels import Ends, ResponseChannel, SocketChannel
from common.streaming.response import StreamedResponse
from common.streaming.websocket import WebSocket

_log = logging.getLogger(__name__)
_GRACE = 1.0
"""Seconds that an application has to end once nobody listens."""


class InProcessStreams:
    """See `Streams`. `name` is the application's and serves as its host name."""

    def __init__(self, url: str, app: ASGIApp, name: str, path: str, limits: TransportLimits) -> None:
        self.url = url
        self._app = app
        self._name = name
        self._path = path
        self._limits = limits

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[StreamedResponse]:
        exchange = ResponseChannel(request.body)
        async with self._running(self._scope(request), exchange):
            yield await exchange.open(self._limits.response_timeout)

    @asynccontextmanager
    async def connect(self, path: str, subprotocol: str, headers: Headers) -> AsyncIterator[WebSocket]:
        socket = SocketChannel()
        scope = self._scope(Request(path=path, headers=headers, method="GET"))
        del scope["method"]
        scope |= {"type": "websocket", "scheme": "ws", "subprotocols": [subprotocol]}
        async with self._running(scope, socket):
            yield await socket.open(subprotocol, self._limits.connect_timeout)

    def _scope(self, request: Request) -> dict[str, Any]:
        try:
            return scope_of(request, request.path or self._path, self._name)
        except UnicodeEncodeError as error:
            raise ProtocolError("a header or path is not Latin-1") from error

    @asynccontextmanager
    async def _running(self, scope: dict[str, Any], ends: Ends) -> AsyncIterator[None]:
        """The application runs until it ends by itself, which it is asked to when the context ends."""
        task = asyncio.get_running_loop().create_task(self._run(scope, ends), context=contextvars.Context())
        try:
            yield
        finally:
            ends.leave()
            done, _ = await asyncio.wait((task,), timeout=_GRACE)
            if not done:
                task.cancel()

    async def _run(self, scope: dict[str, Any], ends: Ends) -> None:
        try:
            await self._app(scope, ends.receive, ends.send)
        except Exception:  # noqa: BLE001 - a server would log it, too, and end the connection
            _log.exception("Exception in the application %s", self._name)
        finally:
            ends.finish()
