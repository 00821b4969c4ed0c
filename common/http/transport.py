"""What carries requests to a service, and how a URL says which one."""

import ssl
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, urlsplit

from common.http.client import HTTPTransport, TCPOrigin, UnixOrigin, default_tls
from common.http.in_process import ASGIApp, InProcessTransport
from common.http.messages import Request, Response, TransportLimits

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
) -> Transport:
    """The transport for `http://`, `https://`, `unix:///abs/path.sock?path=/graphql` or `app://NAME/path`.

    Nothing is connected yet. `apps` are the applications of this process by name, `tls` replaces the
    system's trusted roots. Raises ValueError for any other URL and for a name that `apps` lacks.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "http" | "https":
            return HTTPTransport(url, _tcp_origin(parts, tls), _target(parts), limits)
        case "unix":
            path = parse_qs(parts.query).get("path", ["/"])[0]
            return HTTPTransport(url, UnixOrigin(parts.path), path, limits)
        case "app":
            if apps is None or parts.netloc not in apps:
                raise ValueError(f"{url}: no application {parts.netloc!r} in this process")
            return InProcessTransport(url, apps[parts.netloc], parts.netloc, _target(parts), limits)
    raise ValueError(f"{url}: expected http://, https://, unix:// or app://")


def _tcp_origin(parts: SplitResult, tls: ssl.SSLContext | None) -> TCPOrigin:
    if not parts.hostname:
        raise ValueError(f"{parts.geturl()}: no host")
    authority = parts.netloc.rpartition("@")[2]
    if parts.scheme == "http":
        return TCPOrigin(parts.hostname, parts.port or 80, authority, None)
    return TCPOrigin(parts.hostname, parts.port or 443, authority, tls or default_tls())


def _target(parts: SplitResult) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
