"""By what a client's address is counted: one customer has a whole IPv6 network, and may use each address of it once."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

_PREFIX = 64
"""Bits that name a customer's network (RFC 6177, section 2): the least that one is given."""


@lru_cache(maxsize=4096)
def counted_address(text: str) -> str:
    """An IPv6 address as its /64 network, an IPv4 one as it is; what is no address is counted as it is, too."""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return text
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    host_bits = 128 - _PREFIX
    return f"{IPv6Address(int(address) >> host_bits << host_bits)}/{_PREFIX}"
