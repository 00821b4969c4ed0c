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
    """The Valkey or Redis server or cluster in which several routers count together; nobody waits for it beyond `timeout`."""

    urls: Annotated[tuple[str, ...], Meta(min_length=1)]
    namespace: str | None = None
    timeout: Duration = Duration(0.5)


class LimitService(Struct, frozen=True):
    """The platform's rate limiter at `url`, asked once an operation by `token`; nobody waits for it beyond `timeout`.

    `descriptor` says who an operation is of, by attributes for which the limiter has policies.
    """

    url: str
    token: Annotated[str, Meta(min_length=1)]
    descriptor: Annotated[
        dict[Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")], KeyPart],
        Meta(min_length=1, max_length=16),
    ]
    namespace: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")] = "graph"
    timeout: Duration = Duration(0.25)

    @property
    def by_operation(self) -> bool:
        """Whether the operation is looked at."""
        return any("operation_name" in part.split("|") for part in self.descriptor.values())


class RateLimits(Struct, frozen=True):
    """Limits of which an operation must pass all. Without `redis` each router counts `limits` alone.

    `on_failure` says what becomes of operations while Valkey, or the service, does not answer.
    """

    limits: tuple[KeyedLimit, ...] = ()
    redis: SharedCounters | None = None
    service: LimitService | None = None
    on_failure: Literal["allow", "deny"] = "allow"

    def __post_init__(self) -> None:
        if not self.limits and self.service is None:
            raise ValueError("name `limits`, or the `service` that has them")
