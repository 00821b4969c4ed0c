"""A client's WebSocket (RFC 6455), as far as protocols of text messages need it."""

import ssl
from typing import NamedTuple, Protocol


class WebSocketClosed(Exception):  # noqa: N818 - a fact about the connection
    """The other end has closed, with a code of RFC 6455, section 7.4; 1006 where the connection was lost."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Address(NamedTuple):
    """Where handshakes are sent to: a URL without its path, how it is secured, and the socket where that is a Unix one."""

    url: str
    tls: ssl.SSLContext | None = None
    socket: str | None = None


class WebSocket(Protocol):
    """Both directions raise WebSocketClosed. `receive` may be cancelled and loses nothing."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str | bytes: ...
