"""Where tenants' upstreams may be: a tenant that names an address inside the platform's own network would reach what only the platform may.

The control plane refuses such addresses where they are written down. A name says nothing until it is resolved, so what it
leads to is looked at when it is connected to, and before a byte is sent.
"""

import asyncio
import socket
from ipaddress import ip_address

from common.addresses import is_public
from common.http import ConnectError


class InnerAddressError(ConnectError):
    """The name of a target leads inside."""

    code = "INNER_ADDRESS"
    reason = "address not allowed"


def check_outer(peer: object) -> None:
    """Raises InnerAddressError unless `peer`, a socket's address, is one of the public network."""
    if not isinstance(peer, tuple) or not is_public(ip_address(peer[0].partition("%")[0])):
        raise InnerAddressError(f"{peer} is inside")


async def outer_address(host: str, port: int) -> str:
    """An address of `host`. Raises InnerAddressError, OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, peer in found:
        check_outer(peer)
    return str(found[0][4][0])
