"""What carries requests to a service, and how a URL says which one."""

import ssl
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, urlsplit

from common.http.client import HTTPTransport, Origin, TCPOrigin, UnixOrigin, default_tls, offering
from common.http.in_process import ASGIApp, InProcessTransport
from common.http.messages import Http2, Request, Response, TransportLimits

_DEFAULT_LIMITS = TransportLimits()


class Transport(Protocol):
    """Carries requests to one service."""

    @property
    def url(self) -> str: ...

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - how it is kept differs
        """The whole response, whatever its status.

        `timeout` in seconds covers everything, waiting for a connection too; the transport's own limit
        holds as well. Raises TransportError. Cancelling it abandons the request and its connection.
        """
        ...

    async def close(self) -> None:
        """Close what is open; requests under way fail."""
        ...


def open_transport(
    url: str,
    *,
    apps: Mapping[str, ASGIApp] | None = None,
    limits: TransportLimits = _DEFAULT_LIMITS,
    tls: ssl.SSLContext | None = None,
    http2: Http2 = Http2.DISABLE,
) -> Transport:
    """The transport for `http://`, `https://`, `unix:///abs/path.sock?path=/graphql` or `app://NAME/path`.

    Nothing is connected yet. `apps` are the applications of this process by name, `tls` replaces the
    system's trusted roots; it is set to offer what `http2` says. Without TLS only `Http2.ONLY` makes it HTTP/2.
    Raises ValueError for any other URL and for a name that `apps` lacks.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "http" | "https":
            return _open_http(url, tcp_origin(parts, tls, http2), target(parts), limits, http2)
        case "unix":
            return _open_http(url, UnixOrigin(parts.path), path_of(url), limits, http2)
        case "app":
            if apps is None or parts.netloc not in apps:
                raise ValueError(f"{url}: no application {parts.netloc!r} in this process")
            return InProcessTransport(url, apps[parts.netloc], parts.netloc, target(parts), limits)
    raise ValueError(f"{url}: expected http://, https://, unix:// or app://")


def _open_http(url: str, origin: Origin, path: str, limits: TransportLimits, http2: Http2) -> Transport:
    http1 = HTTPTransport(url, origin, path, limits)
    if http2 is Http2.DISABLE or (http2 is Http2.ENABLE and not origin.is_secure):
        return http1
    from common.http.http2 import Http2Transport  # noqa: PLC0415 - h2 loads only when it is used

    return Http2Transport(url, origin, path, limits, otherwise=None if http2 is Http2.ONLY else http1)


def tcp_origin(parts: SplitResult, tls: ssl.SSLContext | None, http2: Http2 = Http2.DISABLE) -> TCPOrigin:
    """Where an `http://` or `https://` URL leads. Raises ValueError for one without a host."""
    if not parts.hostname:
        raise ValueError(f"{parts.geturl()}: no host")
    authority = parts.netloc.rpartition("@")[2]
    if parts.scheme == "http":
        return TCPOrigin(parts.hostname, parts.port or 80, authority, None)
    context = default_tls(http2) if tls is None else offering(tls, http2)
    return TCPOrigin(parts.hostname, parts.port or 443, authority, context)


def path_of(url: str) -> str:
    """The path, and the query, that requests to `url` have when they name none."""
    parts = urlsplit(url)
    return parse_qs(parts.query).get("path", ["/"])[0] if parts.scheme == "unix" else target(parts)


def target(parts: SplitResult) -> str:
    """The URL's path and query, as a request line has them."""
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
