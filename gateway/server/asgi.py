"""The types of ASGI 3, and a request's headers by name."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]


async def respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """One whole response; its length is added to `headers`."""
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def read_only(app: ASGIApp) -> ASGIApp:
    """`app`, which is asked by GET and HEAD only."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD"):
            await app(scope, receive, send)
        else:
            headers, body = plain_text("Method not allowed\n")
            await respond(send, 405, [*headers, (b"allow", b"GET, HEAD")], body)

    return door


def plain_text(text: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of a text."""
    return [(b"content-type", b"text/plain; charset=utf-8")], text.encode()
