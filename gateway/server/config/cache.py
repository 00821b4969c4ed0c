"""The keys of what is kept: in the router's memory, and in a Valkey that several routers share."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.server.config.duration import Duration

PositiveInt = Annotated[int, Meta(ge=1)]


class InMemory(Struct, frozen=True):
    """A bound of a cache in the router's memory: how many entries."""

    limit: PositiveInt = 512


class Redis(Struct, frozen=True):
    """A Valkey or Redis server or cluster; keys begin with `namespace`, entries live for `ttl`, nobody waits beyond `timeout`."""

    urls: Annotated[tuple[str, ...], Meta(min_length=1)]
    namespace: str | None = None
    ttl: Duration = Duration(24 * 3600)
    timeout: Duration = Duration(0.5)
