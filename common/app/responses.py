"""Raw ASGI: reading a body and sending an answer, for the doors that Litestar's handlers are too slow for."""

from collections.abc import Iterable

import msgspec
from litestar.types import HTTPScope, Receive, Send

from common.errors import DomainError


class PayloadTooLargeError(DomainError):
    """The request's body is longer than the door accepts."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


JSON_HEADERS = (("content-type", "application/json"),)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        PayloadTooLargeError: it is longer than `limit` bytes.
    """
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        chunk: bytes = message["body"] if message["type"] == "http.request" else b""
        size += len(chunk)
        if size > limit:
            raise PayloadTooLargeError(f"The body is larger than {limit} bytes")
        chunks.append(chunk)
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(chunks)


async def respond(send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    """Sends a whole answer; `content-length` is added."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def header(scope: HTTPScope, name: bytes) -> str | None:
    """The first header of that lower-case name."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def headers(scope: HTTPScope) -> tuple[tuple[str, str], ...]:
    """All headers, by their lower-case names."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])


def graphql_errors(message: str, code: str, **extensions: object) -> bytes:
    """A GraphQL response of one error and no data."""
    return msgspec.json.encode({"errors": [{"message": message, "extensions": {"code": code, **extensions}}]})
