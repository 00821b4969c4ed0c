"""What the rate limiter answers; its doors encode this, and its client decodes it."""

from typing import Literal

from msgspec import Struct


class LimitState(Struct, frozen=True):
    """One limit.

    Args:
        policy: its name.
        limit: the most at once.
        remaining: what of it is left.
        reset: seconds until all of it is free.
        wait: seconds until the cost may be admitted; None if it never will.
        window: seconds; None for a calendar's and where there is none.
        quota: what is admitted in a window in the long run; None if that is the limit.
        unit: of what the quota is, by the draft's registry of quota units.
        shadow: it counts and tells, and denies nobody.
    """

    policy: str
    limit: int
    remaining: int
    reset: float
    wait: float | None
    window: int | None = None
    quota: int | None = None
    unit: Literal["requests", "concurrent-requests"] = "requests"
    shadow: bool = False


class Verdict(Struct, frozen=True, rename="camel"):
    """`denied_by` and `retry_after` (seconds) when not allowed; `degraded` when decided without Valkey."""

    allowed: bool
    degraded: bool = False
    limits: tuple[LimitState, ...] = ()
    denied_by: str | None = None
    retry_after: float | None = None
