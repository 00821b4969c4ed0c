"""Requests, responses and the limits that they are held to, as values."""

from collections.abc import AsyncIterator
from enum import StrEnum

from msgspec import Struct

Headers = tuple[tuple[str, str], ...]


class Request(Struct, frozen=True):
    """A request. An empty `path` means the transport's own.

    `idempotent` says that the same request may reach the server twice without harm. Only such a request is
    sent again when a kept connection turns out to have been closed meanwhile (RFC 9110 §9.2.2).

    A `stream` is sent instead of `body`, each piece as soon as it is there; there is no second time for it. What it
    raises ends the request.
    """

    path: str = ""
    body: bytes = b""
    method: str = "POST"
    headers: Headers = ()
    idempotent: bool = False
    stream: AsyncIterator[bytes] | None = None


class Response(Struct, frozen=True):
    """A whole response; header names in lower case, the body decoded of its content coding."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header named `name` (lower case)."""
        return next((value for key, value in self.headers if key == name), None)


class Http2(StrEnum):
    """When a server is asked by HTTP/2: where it agrees to over TLS, never, or always."""

    ENABLE = "enable"
    DISABLE = "disable"
    ONLY = "http2only"


class TransportLimits(Struct, frozen=True, kw_only=True):
    """Bounds of one transport. Times in seconds, sizes in bytes.

    `max_connections` bounds the requests that are under way at the same time; HTTP/2 makes streams of them.

    A connection that idles longer than `idle_timeout` is not used again; it stays below the keep-alive
    time of common servers (5 s), so that they do not close what is about to be used.
    """

    max_connections: int = 128
    max_response_size: int = 32 * 1024 * 1024
    connect_timeout: float = 5.0
    response_timeout: float = 30.0
    idle_timeout: float = 4.0
