"""The keys of rate limits by client and operation (Hansa's own)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.server.config.duration import Duration
from gateway.server.config.traffic import RateLimit

_SOURCE = r"(claim\.[^|]+|header\.[!#$%&'*+.^_`~0-9A-Za-z-]+|client_address|operation_name)"
KeyPart = Annotated[str, Meta(pattern=rf"^{_SOURCE}(\|{_SOURCE})*$")]
"""Where a part of a key is found: one source, or several of which the first that is there counts."""


class KeyedLimit(RateLimit, frozen=True, kw_only=True):
    """A limit that each key has for itself; `name` is what clients are told."""

    name: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_.-]+$")]
    key: Annotated[tuple[KeyPart, ...], Meta(min_length=1)]

    @property
    def by_operation(self) -> bool:
        """Whether the operation is looked at."""
        return any("operation_name" in part.split("|") for part in self.key)


class SharedCounters(Struct, frozen=True):
    """The Valkey or Redis server in which several routers count together; nobody waits for it beyond `timeout`."""

    urls: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1)]
    namespace: str | None = None
    timeout: Duration = Duration(0.5)


class RateLimits(Struct, frozen=True):
    """Limits of which an operation must pass all. Without `redis` each router counts alone.

    `on_failure` says what becomes of operations while Valkey does not answer.
    """

    limits: Annotated[tuple[KeyedLimit, ...], Meta(min_length=1)]
    redis: SharedCounters | None = None
    on_failure: Literal["allow", "deny"] = "allow"
