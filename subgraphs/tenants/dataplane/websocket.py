"""WebSockets (RFC 6455) between a client and an upstream: the handshake is admitted as any request, then messages pass both ways.

Each side is read only as fast as the other one takes: a message is sent on before the next is received.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from common.http import ConnectError
from common.http.client import default_tls
from subgraphs.tenants.dataplane.observing import Record
from subgraphs.tenants.dataplane.paths import without_segments
from subgraphs.tenants.dataplane.refusals import Refusal, Rule
from subgraphs.tenants.dataplane.request import IncomingRequest
from subgraphs.tenants.dataplane.serving import Caller, ServedRoute
from subgraphs.tenants.dataplane.upstream import NoTarget, Target, outer_address

Admit = Callable[[IncomingRequest, Record], Awaitable[Caller]]
Lines = Callable[[IncomingRequest, Caller, Record], bytes]

_log = logging.getLogger("hansa.proxy")
_MAX_MESSAGE = 16 * 1024 * 1024
_CLOSE_TIMEOUT = 2.0
_HANDSHAKE = "sec-websocket-"
_LOST, _GOING_AWAY = 1006, 1001
_MUST_NOT_BE_SENT = frozenset((1005, 1006, 1015))


class WebSockets:
    """Serves those that `admit` lets through; `lines` are the handshake's header lines for the upstream, `answered` is told of its answer."""

    def __init__(self, admit: Admit, lines: Lines, answered: Callable[[Record], None]) -> None:
        self._admit = admit
        self._lines = lines
        self._answered = answered

    async def serve(self, request: IncomingRequest, receive: Any, send: Any, record: Record) -> None:
        """From the handshake to the end of both sides. Raises Refusal."""
        await receive()  # websocket.connect
        caller = await self._admit(request, record)
        route = caller.route
        if not route.policy.config.websocket:
            raise Refusal(403, Rule.UPGRADE, "The route takes no WebSockets")
        try:
            target = route.upstream.choose()
        except NoTarget:
            raise Refusal(503, Rule.UPSTREAM, "No server of the upstream is up") from None
        record.target, record.attempts = target.config.url, 1
        connection = await self._open(request, caller, target, record)
        target.in_flight += 1
        try:
            record.status = 101
            self._answered(record)
            await send({"type": "websocket.accept", "subprotocol": connection.subprotocol})
            await _pass_both_ways(connection, receive, send)
        finally:
            target.in_flight -= 1
            await connection.close()

    async def _open(
        self, request: IncomingRequest, caller: Caller, target: Target, record: Record
    ) -> ClientConnection:
        headers, subprotocols = _headers(self._lines(request, caller, record), request)
        route = caller.route
        options: dict[str, Any] = {
            "subprotocols": subprotocols or None,
            "additional_headers": headers,
            "user_agent_header": None,
            "compression": None,
            "open_timeout": route.upstream.config.timeouts.connect,
            "close_timeout": _CLOSE_TIMEOUT,
            "ping_interval": None,
            "max_size": _MAX_MESSAGE,
            "logger": _log,
        }
        try:
            connection = await _dial(target, _target(request, route), options)
        except InvalidStatus as error:
            target.breaker.succeed()
            status = error.response.status_code
            raise Refusal(502, Rule.UPSTREAM, f"The upstream answered the handshake with {status}") from error
        except (ConnectError, OSError, TimeoutError, InvalidHandshake) as error:
            target.breaker.fail()
            raise Refusal(502, Rule.UPSTREAM, "The upstream cannot be reached") from error
        except BaseException:
            target.breaker.give_up()
            raise
        target.breaker.succeed()
        return connection


async def _dial(target: Target, path: str, options: dict[str, Any]) -> ClientConnection:
    url = urlsplit(target.config.url)
    is_secure = url.scheme == "https"
    if not target.may_be_inner:
        port = url.port or (443 if is_secure else 80)
        options |= {"host": await outer_address(url.hostname or "", port), "port": port}
    if url.scheme == "unix":
        return await unix_connect(url.path, f"ws://localhost{path}", **options)
    if is_secure:
        options["ssl"] = default_tls()
    return await connect(f"{'wss' if is_secure else 'ws'}://{url.netloc}{path}", proxy=None, **options)


def _target(request: IncomingRequest, route: ServedRoute) -> str:
    path = without_segments(request.path, route.stripped) if route.stripped else request.path
    return (b"%b?%b" % (path, request.query) if request.query else path).decode("latin-1")


def _headers(lines: bytes, request: IncomingRequest) -> tuple[list[tuple[str, str]], list[Subprotocol]]:
    """The headers of the upstream's handshake, which has its own keys, and the subprotocols that the client speaks."""
    pairs = (line.partition(": ") for line in lines.decode("latin-1").split("\r\n") if line)
    headers = [(name, value) for name, _, value in pairs if not name.startswith(_HANDSHAKE)]
    offered = request.fields.get(b"sec-websocket-protocol", b"").decode("latin-1")
    return headers, [Subprotocol(name.strip()) for name in offered.split(",") if name.strip()]


async def _pass_both_ways(connection: ClientConnection, receive: Any, send: Any) -> None:
    """Until one side ends, of which the other one is told by the same code."""
    up = asyncio.create_task(_pass_up(connection, receive))
    down = asyncio.create_task(_pass_down(connection, send))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


async def _pass_up(connection: ClientConnection, receive: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or _LOST
            await connection.close(
                _GOING_AWAY if code in _MUST_NOT_BE_SENT else code, message.get("reason") or ""
            )
            return
        text = message.get("text")
        try:
            await connection.send(message["bytes"] if text is None else text)
        except ConnectionClosed:
            return


async def _pass_down(connection: ClientConnection, send: Any) -> None:
    while True:
        try:
            message = await connection.recv()
        except ConnectionClosed as error:
            frame = error.rcvd
            code = _LOST if frame is None else frame.code
            reason = "" if frame is None else frame.reason
            await send(
                {
                    "type": "websocket.close",
                    "code": 1011 if code in _MUST_NOT_BE_SENT else code,
                    "reason": reason,
                }
            )
            return
        kind = "text" if isinstance(message, str) else "bytes"
        await send({"type": "websocket.send", kind: message})
