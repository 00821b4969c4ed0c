"""Reads a request's body up to a size."""

from gateway.server.asgi import Message, Receive
from gateway.server.errors import RequestError, error_body


class ClientDisconnected(Exception):  # noqa: N818 - a fact about the connection, answered to nobody
    """The client went away before its request was whole."""


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The whole body.

    Raises RequestError (413) at the first byte over `limit`, or at once where Content-Length tells;
    the rest is never held. Raises ClientDisconnected.
    """
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit():
        _require(int(announced), limit)
    message = await _next(receive)
    body: bytes = message.get("body", b"")
    _require(len(body), limit)
    if not message.get("more_body", False):
        return body
    chunks = bytearray(body)
    while message.get("more_body", False):
        message = await _next(receive)
        chunks += message.get("body", b"")
        _require(len(chunks), limit)
    return bytes(chunks)


async def _next(receive: Receive) -> Message:
    message: Message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    return message


def _require(size: int, limit: int) -> None:
    if size > limit:
        raise too_large(limit)


def too_large(limit: int) -> RequestError:
    """413: more than `limit` bytes."""
    error = error_body(f"The request's body is larger than {limit} bytes", "REQUEST_TOO_LARGE")
    return RequestError(413, [error])
