"""Asking DNS for TXT records: a port, and the adapter that asks name servers by dnspython.

Nothing that a tenant names is ever connected to: only the platform's own resolvers are asked, and only for text.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

_LIFETIME = 5.0
"""Seconds for one question, with all attempts."""
_AT_ONCE = 16


class ResolverUnavailableError(Exception):
    """DNS did not say whether there is such a record."""


class Resolver(Protocol):
    async def texts(self, name: str) -> frozenset[str]:
        """The texts of the TXT records at `name`, none where there is no such name. Raises ResolverUnavailableError."""
        ...


class DnsResolver:
    """Asks `servers`, each an address and a port; without any, those of the system."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        self._servers = tuple(servers)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def texts(self, name: str) -> frozenset[str]:
        async with self._turns:
            try:
                answer = await self._open().resolve(f"{name}.", "TXT", lifetime=_LIFETIME)
            except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                return frozenset()
            except (dns.exception.DNSException, OSError) as error:
                raise ResolverUnavailableError(str(error)) from error
        return frozenset(b"".join(record.strings).decode("ascii", "replace") for record in answer)

    def _open(self) -> dns.asyncresolver.Resolver:
        """The resolver, made with the first question: reading the system's configuration is I/O."""
        if self._resolver is None:
            self._resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                self._resolver.nameservers = [dns.nameserver.Do53Nameserver(*each) for each in self._servers]
        return self._resolver


def parse_servers(text: str) -> list[tuple[str, int]]:
    """From `ADDRESS` or `ADDRESS:PORT`, by commas; an IPv6 address with a port is in brackets. Raises ValueError."""
    return [_server(each.strip()) for each in text.split(",") if each.strip()]


def _server(text: str) -> tuple[str, int]:
    address, separator, port = text.rpartition(":")
    if not separator or (":" in address and not address.startswith("[")):
        return text, 53
    return address.strip("[]"), int(port)
