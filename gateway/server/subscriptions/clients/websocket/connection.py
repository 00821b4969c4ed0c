"""One client's WebSocket, from the handshake to its end."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from gateway.server.asgi import Receive, Send
from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.headers import may_pass
from gateway.server.http.parameters import from_json
from gateway.server.http.request import HttpRequest
from gateway.server.pipeline import Pipeline
from gateway.server.subscriptions.clients.carrier import Carrier
from gateway.server.subscriptions.clients.websocket.messages import (
    ACKNOWLEDGE,
    PONG,
    CloseCode,
    Complete,
    ConnectionInit,
    Message,
    Ping,
    Subscribe,
    complete,
    decode,
    error,
    next_,
)
from gateway.server.subscriptions.errors import Stopping, StreamError, TokenExpired
from gateway.server.subscriptions.stream import expiry_of

_log = logging.getLogger("hansa.router")
INIT_TIMEOUT = 10.0
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STALLED = 10.0
"""Seconds that a client may take to make room for a message."""


class _Closed(NamedTuple):
    """Why the connection is to be closed."""

    code: CloseCode
    reason: str


class Connection:
    """Speaks the protocol over an accepted WebSocket, in messages of `max_bytes` at most.

    `pipeline` gives that of the router's present generation.
    """

    def __init__(
        self,
        request: HttpRequest,
        receive: Receive,
        send: Send,
        pipeline: Callable[[], Pipeline],
        *,
        max_bytes: int,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._exchange = Exchange(request, takes_events=True)
        self._receive = receive
        self._send = send
        self._pipeline = pipeline
        self._max_bytes = max_bytes
        self._carrier = Carrier(_Sink(self))
        self._is_initialised = self._is_acknowledged = False
        self._gone = asyncio.Event()
        self._closed: _Closed | None = None
        self._timer = loop.call_later(INIT_TIMEOUT, self.close, CloseCode.INIT_TIMEOUT, "No connection_init")

    async def run(self) -> None:
        """Until the client goes away, or is to go."""
        reading = asyncio.create_task(self._read())
        reading.add_done_callback(lambda _: self._gone.set())
        try:
            await self._gone.wait()
        finally:
            self._timer.cancel()
            self._carrier.close()
            reading.cancel()
        if self._closed is not None:
            code, reason = self._closed
            await self._tell({"type": "websocket.close", "code": code, "reason": reason})

    def close(self, code: CloseCode, reason: str) -> None:
        """The connection ends. The first reason counts."""
        self._closed = self._closed or _Closed(code, reason)
        self._gone.set()

    async def send(self, text: bytes) -> None:
        """Sends a message, or ends the connection of a client that makes no room for it."""
        if not await self._tell({"type": "websocket.send", "text": text.decode()}):
            self.close(CloseCode.TRY_AGAIN, "The client is too slow")

    async def _tell(self, message: dict[str, Any]) -> bool:
        """Whether it could be sent in time; to a client that has gone nothing needs to be sent."""
        try:
            async with asyncio.timeout(_STALLED):
                await self._send(message)
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    async def _read(self) -> None:
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                await self._take(_decoded(message.get("text"), self._max_bytes))
        except _Refused as refused:
            self.close(refused.code, refused.reason)
        except Exception:  # noqa: BLE001 - the connection is closed with a code, the log has it in full
            _log.exception("A WebSocket message could not be answered")
            self.close(CloseCode.INTERNAL_ERROR, "Internal error")

    async def _take(self, message: Message) -> None:
        match message:
            case ConnectionInit(payload):
                await self._initialise(payload or {})
            case Ping():
                await self.send(PONG)
            case Subscribe(id_, payload):
                self._start(id_, bytes(payload))
            case Complete(id_):
                self._carrier.stop(id_)

    async def _initialise(self, payload: Mapping[str, Any]) -> None:
        if self._is_initialised:
            raise _Refused(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
        self._is_initialised = True
        self._timer.cancel()
        self._exchange.request = with_payload(self._exchange.request, payload)
        try:
            await self._pipeline().authenticate(self._exchange)
        except RequestError as error:
            raise _Refused(CloseCode.FORBIDDEN, _short(str(error))) from None
        if (expiry := expiry_of(self._exchange)) is not None:
            self._timer = asyncio.get_running_loop().call_at(
                expiry, self.close, CloseCode.FORBIDDEN, "The token has expired"
            )
        await self.send(ACKNOWLEDGE)
        self._is_acknowledged = True

    def _start(self, id_: str, payload: bytes) -> None:
        if not self._is_acknowledged:
            raise _Refused(CloseCode.UNAUTHORIZED, "Unauthorized")
        if id_ in self._carrier:
            raise _Refused(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {id_} already exists")
        if self._carrier.is_full:
            raise _Refused(CloseCode.TRY_AGAIN, "Too many operations")
        try:
            parameters = from_json(payload)
        except RequestError as error:
            raise _Refused(CloseCode.BAD_REQUEST, _short(str(error))) from None
        exchange = replace(self._exchange, started=time.perf_counter())
        self._carrier.start(id_, exchange, parameters, self._pipeline())


class _Refused(Exception):  # noqa: N818 - what the client did is refused
    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Sink:
    """See `Sink`. What concerns every operation of the connection closes it; a client then opens another."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def next(self, id_: str, payload: bytes) -> None:
        await self._connection.send(next_(id_, payload))

    async def refused(self, id_: str, errors: Sequence[Mapping[str, Any]]) -> None:
        await self._connection.send(error(id_, errors))

    async def failed(self, id_: str, failure: StreamError) -> None:
        match failure:
            case Stopping():
                self._connection.close(CloseCode.RESTART, "The router stops")
            case TokenExpired():
                self._connection.close(CloseCode.FORBIDDEN, "The token has expired")
            case _:
                await self._connection.send(error(id_, [failure.error]))

    async def complete(self, id_: str) -> None:
        await self._connection.send(complete(id_))


def with_payload(request: HttpRequest, payload: Mapping[str, Any]) -> HttpRequest:
    """The request with the texts of `connection_init`'s payload, and of its `headers`, as headers in the place of its own.

    What no client's header may be is left out.
    """
    nested = payload.get("headers")
    given = {**payload, **(nested if isinstance(nested, dict) else {})}
    added = {
        name.lower().encode(): value.encode("latin-1")
        for name, value in given.items()
        if isinstance(value, str) and _is_header(name, value)
    }
    raw = [(name, value) for name, value in request.raw_headers if name not in added]
    return replace(request, headers={**request.headers, **added}, raw_headers=[*raw, *added.items()])


def _is_header(name: str, value: str) -> bool:
    is_text = name.isascii() and value.isascii() and value.isprintable()
    return is_text and _TOKEN.fullmatch(name) is not None and may_pass(name.lower())


def _decoded(text: str | None, max_bytes: int) -> Message:
    if text is None:
        raise _Refused(CloseCode.BAD_REQUEST, "Messages are texts")
    if len(text) > max_bytes:
        raise _Refused(CloseCode.TOO_BIG, f"More than {max_bytes} bytes")
    try:
        return decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Refused(CloseCode.BAD_REQUEST, _short(f"Invalid message: {error}")) from None


def _short(reason: str) -> str:
    """As much as a close frame holds (RFC 6455, section 5.5)."""
    return reason.encode()[:120].decode(errors="ignore")
