"""What the rate limiter answers."""

from msgspec import Struct


class LimitState(Struct, frozen=True):
    """One limit; `reset` is when all of it is free, `wait` when it may admit, in seconds. `wait` is None if it never will."""

    policy: str
    limit: int
    remaining: int
    reset: float
    wait: float | None
    shadow: bool = False


class Verdict(Struct, frozen=True, rename="camel"):
    """`denied_by` and `retry_after` (seconds) when not allowed; `degraded` when decided without Valkey."""

    allowed: bool
    degraded: bool = False
    limits: tuple[LimitState, ...] = ()
    denied_by: str | None = None
    retry_after: float | None = None
