"""A decision about one operation under several limits: it passes all of them and is charged to each, or to none.

The algorithm is GCRA (ITU-T I.371, annex A), in whole microseconds: a key's debt is the time that has been used in
advance. An operation adds its step to it, the debt melts with time, and it never exceeds the limit's span.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gateway.server.config.traffic import RateLimit


class Hit(NamedTuple):
    """One limit that an operation is held to: the key that is charged, and how. Times in microseconds."""

    key: str
    step: int
    span: int

    @classmethod
    def of(cls, key: str, limit: RateLimit) -> "Hit":
        """The span is a whole number of steps, so that rounding changes no capacity."""
        step = max(1, int(limit.interval * 1_000_000) // limit.capacity)
        return cls(key, step, step * limit.capacity)


class Left(NamedTuple):
    """What holds for one limit after the decision: operations that are left, and seconds.

    After `reset` all of them are there again; `wait` is 0 unless this limit refuses the operation for so long.
    """

    remaining: int
    reset: float
    wait: float


class RateLimiter(Protocol):
    """Who decides. What one has decided holds for all that are asked at the same time."""

    async def decide(self, hits: Sequence[Hit]) -> Sequence[Left]:
        """What is left of each; the operation passes if none of them has a `wait`. Raises LimiterUnavailable (`gate`)."""
        ...

    async def close(self) -> None: ...


def judge(hits: Sequence[Hit], debts: Sequence[int]) -> tuple[list[Left], list[int]]:
    """What is left to keys with these debts, and their debts afterwards.

    A debt beyond the span is one of another configuration or another clock: it counts as the span.
    """
    debts = [min(max(0, debt), hit.span) for hit, debt in zip(hits, debts, strict=True)]
    waits = [max(0, debt + hit.step - hit.span) for hit, debt in zip(hits, debts, strict=True)]
    after = debts if any(waits) else [debt + hit.step for hit, debt in zip(hits, debts, strict=True)]
    return [left(hit, debt, wait) for hit, debt, wait in zip(hits, after, waits, strict=True)], after


def left(hit: Hit, debt: int, wait: int) -> Left:
    """What is left to a hit whose key has that debt now."""
    return Left((hit.span - debt) // hit.step, debt / 1_000_000, wait / 1_000_000)
