"""What opens streams at a service, and how a URL says which one."""

import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from common.http import ASGIApp, Request, TransportLimits
from common.http.client import UnixOrigin
from common.http.messages import Headers
from common.http.transport import target, tcp_origin
from common.streaming.in_process import InProcessStreams
from common.streaming.network import NetworkStreams
from common.streaming.response import StreamedResponse
from common.streaming.websocket import Address, WebSocket

_DEFAULT_LIMITS = TransportLimits()


class Streams(Protocol):
    """Opens streams at one service. An empty `path` means the URL's own."""

    @property
    def url(self) -> str: ...

    def send(self, request: Request) -> AbstractAsyncContextManager[StreamedResponse]:
        """The response once its head is there. Raises TransportError, as reading its pieces does.

        Leaving the context abandons what has not come.
        """
        ...

    def connect(
        self, path: str, subprotocol: str, headers: Headers
    ) -> AbstractAsyncContextManager[WebSocket]:
        """A WebSocket that speaks `subprotocol`, closed with code 1000 at the end. Raises TransportError."""
        ...


def open_streams(
    url: str,
    *,
    apps: Mapping[str, ASGIApp] | None = None,
    limits: TransportLimits = _DEFAULT_LIMITS,
    tls: ssl.SSLContext | None = None,
) -> Streams:
    """For the URLs of `open_transport`; nothing is connected yet. `limits` bound heads, one message, and connecting.

    Raises ValueError for any other URL and for a name that `apps` lacks.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "http" | "https":
            origin = tcp_origin(parts, tls)
            address = Address(f"{'wss' if origin.is_secure else 'ws'}://{origin.authority}", origin.tls)
            return NetworkStreams(url, origin, address, target(parts), limits)
        case "unix":
            path = parse_qs(parts.query).get("path", ["/"])[0]
            address = Address("ws://localhost", socket=parts.path)
            return NetworkStreams(url, UnixOrigin(parts.path), address, path, limits)
        case "app":
            if apps is None or parts.netloc not in apps:
                raise ValueError(f"{url}: no application {parts.netloc!r} in this process")
            return InProcessStreams(url, apps[parts.netloc], parts.netloc, target(parts), limits)
    raise ValueError(f"{url}: expected http://, https://, unix:// or app://")
