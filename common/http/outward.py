"""Requests to addresses that somebody else wrote down: a URL may lead inside, where only the platform may go.

The name is resolved once, all its addresses must be public, and the connection goes to one of those: a name that is resolved
again could lead elsewhere by then. Redirects are not followed.
"""

import asyncio
import socket
import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

from common.addresses import Address, is_public
from common.http.client import HTTPTransport, TCPOrigin, default_tls
from common.http.errors import ConnectError, NotSent
from common.http.messages import TransportLimits
from common.http.transport import target

_PORTS = {"http": 80, "https": 443}


class InnerAddress(NotSent):
    """The URL leads to an address that is not public, or would be read on the way there."""

    code = "INNER_ADDRESS"
    reason = "address not allowed"


class PinnedOrigin(TCPOrigin):
    """Connections to `address`, whatever the name in `authority` leads to by now; TLS still proves `hostname`."""

    def __init__(
        self, address: str, port: int, *, authority: str, hostname: str, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, port, authority, tls)
        self._address = address, port
        self._hostname = hostname if tls is not None else None

    async def connect(self, connection: asyncio.Protocol) -> asyncio.BaseTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(
            lambda: connection, *self._address, ssl=self.tls, server_hostname=self._hostname
        )
        return transport


async def open_outward(url: str, *, may_be_inner: bool, limits: TransportLimits) -> HTTPTransport:
    """A transport to an address that the `http` or `https` URL leads to now; nothing is connected yet.

    `may_be_inner` allows any address, and plain `http`.

    Raises:
        InnerAddress: it leads where nobody from outside may have the platform go.
        ConnectError: it is no such URL, or its name leads nowhere.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        host, port = None, 0
    if not host:
        raise ConnectError("the URL is neither http nor https, or has no host")
    if parts.scheme == "http" and not may_be_inner:
        raise InnerAddress("plain http")
    addresses = await _resolve(host, port)
    if not may_be_inner and not all(map(is_public, addresses)):
        raise InnerAddress(f"{host} leads to an address that is not public")
    tls = default_tls() if parts.scheme == "https" else None
    authority = parts.netloc.rpartition("@")[2]
    origin = PinnedOrigin(str(addresses[0]), port, authority=authority, hostname=host, tls=tls)
    return HTTPTransport(url, origin, target(parts), limits)


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectError(f"{host} leads nowhere: {error}") from error
    return [ip_address(str(place[4][0]).partition("%")[0]) for place in found]
