"""Who asked, as upstreams are told: `Forwarded` (RFC 7239) and the X-Forwarded-* that came before it.

What a client says about that itself counts only where a trusted proxy has passed it on.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_MAX_HOPS = 20
_CHAIN = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded")


class Forwarding:
    """`trusted` are addresses and networks of the proxies in front. Raises ValueError for what is neither."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text, strict=False) for text in trusted)
        self._trusts = lru_cache(maxsize=4096)(self._is_trusted)

    def lines(self, client: str, scheme: str, host: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The header lines for a request whose peer is at `client`, empty for a Unix socket."""
        if not self._networks or not self._trusts(client):
            return _lines(client, scheme, host)
        told = {name: [value for key, value in headers if key == name] for name in _CHAIN}
        return _appended(told, client, scheme, host)

    def client(self, client: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The address of who asked: the last one that no trusted proxy has, as far as trusted ones tell."""
        if not self._networks or not self._trusts(client):
            return client
        told = b",".join(value for key, value in headers if key == b"x-forwarded-for").decode("latin-1")
        for hop in reversed([hop.strip() for hop in told.split(",")[-_MAX_HOPS:] if hop.strip()]):
            client = hop
            if not self._trusts(hop):
                break
        return client

    def _is_trusted(self, client: str) -> bool:
        address = _address(client)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _lines(client: str, scheme: str, host: bytes) -> bytes:
    return b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\nforwarded: %b\r\n" % (
        client.encode() or b"unknown",
        scheme.encode(),
        host,
        _element(client, scheme, host),
    )


def _appended(told: dict[bytes, list[bytes]], client: str, scheme: str, host: bytes) -> bytes:
    hops = b", ".join((*told[b"x-forwarded-for"], client.encode()))
    proto = (told[b"x-forwarded-proto"] or [scheme.encode()])[0]
    first_host = (told[b"x-forwarded-host"] or [host])[0]
    elements = b", ".join((*told[b"forwarded"], _element(client, scheme, host)))
    return b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\nforwarded: %b\r\n" % (
        hops,
        proto,
        first_host,
        elements,
    )


def _element(client: str, scheme: str, host: bytes) -> bytes:
    """One hop; what is no token is quoted, as an IPv6 address is, in brackets (section 6)."""
    node = client or "unknown"
    who = f'"[{node}]"' if ":" in node else node
    where = f'"{host.decode()}"' if b":" in host else host.decode()
    return f"for={who};host={where};proto={scheme}".encode()
