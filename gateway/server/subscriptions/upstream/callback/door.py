"""Where subgraphs call back: an ASGI app below any path, whose last segment is a subscription's id.

204 for what was taken, 404 where the subscription is not there any more, 400 for what is no message or has a wrong
verifier, 503 where there is no room for the event now.
"""

import msgspec

from gateway.server.asgi import Receive, Scope, Send
from gateway.server.errors import RequestError
from gateway.server.http.body import ClientDisconnected, read_body
from gateway.server.http.request import HttpRequest
from gateway.server.subscriptions.upstream.callback.messages import (
    PROTOCOL,
    Check,
    Complete,
    Heartbeat,
    Message,
    Next,
    NotAMessageError,
    read_message,
)
from gateway.server.subscriptions.upstream.callback.registry import Callback, Callbacks
from gateway.server.subscriptions.upstream.over_http import MAX_SIZE

_MAX_UNKNOWN = 64 * 1024
"""Bytes that are read of a message for a subscription that is not there: enough for a heartbeat of others."""


class CallbackDoor:
    """The door to `callbacks`."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest.from_scope(scope)
        try:
            status, told = await self._take(request, receive)
        except ClientDisconnected:
            return
        await answer(send, status, told, allow=status == 405)

    async def _take(self, request: HttpRequest, receive: Receive) -> tuple[int, bytes]:
        if request.method != "POST":
            return 405, b"Subgraphs call back by POST\n"
        id_ = request.path.rpartition("/")[2]
        is_open = self._callbacks.get(id_) is not None
        try:
            body = await read_body(receive, request.headers, MAX_SIZE if is_open else _MAX_UNKNOWN)
            message = read_message(body)
        except RequestError as error:
            return (error.status if is_open else 404), b""
        except NotAMessageError as error:
            return (400 if is_open else 404), f"Not a callback: {error}\n".encode()
        if message.id != id_:
            return 400, b"The URL is that of another subscription\n"
        return self._apply(message)

    def _apply(self, message: Message) -> tuple[int, bytes]:
        callback = self._callbacks.get(message.id)
        if not self._callbacks.is_verified(message.id, message.verifier):
            return (404, b"") if callback is None else (400, b"The verifier is wrong\n")
        if isinstance(message, Heartbeat):
            return self._heartbeat(message)
        return (404, b"") if callback is None else _tell(callback, message)

    def _heartbeat(self, message: Heartbeat) -> tuple[int, bytes]:
        """All that are still there are heard of; who is told of those that are not gets one to go on with."""
        found = {id_: self._callbacks.get(id_) for id_ in message.ids or (message.id,)}
        there = [callback for callback in found.values() if callback is not None]
        for callback in there:
            callback.hear()
        invalid = [id_ for id_, callback in found.items() if callback is None]
        if not invalid:
            return 204, b""
        if not there:
            return 404, b""
        told = {"invalid_ids": invalid, "id": there[0].id, "verifier": there[0].verifier}
        return 404, msgspec.json.encode(told)


def _tell(callback: Callback, message: Check | Next | Complete) -> tuple[int, bytes]:
    match message:
        case Check():
            callback.confirm()
        case Next(payload=payload):
            if not callback.offer(bytes(payload)):
                return 503, b"More events wait than may; try again\n"
        case Complete(errors=errors):
            callback.complete(msgspec.json.encode({"errors": errors}) if errors else None)
    return 204, b""


async def answer(send: Send, status: int, body: bytes, *, allow: bool = False) -> None:
    """The response to a callback; 204 has neither a length nor a type."""
    headers = [(b"subscription-protocol", PROTOCOL.encode())]
    if status != 204:
        kind = b"application/json" if body[:1] == b"{" else b"text/plain; charset=utf-8"
        headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if allow:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
