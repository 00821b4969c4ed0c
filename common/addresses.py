"""Which addresses are of the public network: others lead inside, where only the platform may go."""

from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether it is one of the public network's; an IPv6 address that stands for an IPv4 one is looked at as that."""
    real = standing_for(address)
    return real.is_global and not real.is_multicast


def standing_for(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4 or NAT64; else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address
