"""By what a limit counts an operation: claims, headers, the client's address, the operation's name."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TypeAlias

from common.limiting import counted_address
from gateway.server.access.claims import claim_header
from gateway.server.config.rate_limits import KeyedLimit
from gateway.server.exchange import Exchange

Find: TypeAlias = Callable[[Exchange], str | None]
Sources: TypeAlias = Sequence[tuple[str, Find]]


class KeyFinder:
    """Finds the key of an operation under one limit: of fixed length, and nothing of a client can be read from it.

    Operations without any source of a part share one key.
    """

    def __init__(self, limit: KeyedLimit) -> None:
        self._name = limit.name
        self._parts = [sources_of(part) for part in limit.key]

    def find(self, exchange: Exchange) -> str:
        digest = blake2b(digest_size=16)
        for sources in self._parts:
            for text in first_found(sources, exchange) or ("", ""):
                encoded = text.encode()
                digest.update(b"%d:%b" % (len(encoded), encoded))
        return f"{self._name}:{digest.hexdigest()}"


def sources_of(part: str) -> Sources:
    """The sources of a part of a key, in the order in which they are asked."""
    return [(source, _finder(source)) for source in part.split("|")]


def first_found(sources: Sources, exchange: Exchange) -> tuple[str, str] | None:
    """The first source that is there, and what it says."""
    return next(((name, value) for name, find in sources if (value := find(exchange)) is not None), None)


def _finder(source: str) -> Find:
    kind, _, name = source.partition(".")
    if kind == "claim":
        return lambda exchange: claim_header(exchange.caller.claims, name) if exchange.caller else None
    if kind == "header":
        header = name.lower().encode()
        return lambda exchange: exchange.request.header(header)
    if kind == "client_address":
        return _client_address
    return lambda exchange: exchange.operation_name


def _client_address(exchange: Exchange) -> str | None:
    address = exchange.request.client_address
    return counted_address(address) if address else None
