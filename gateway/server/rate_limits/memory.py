"""Decisions of this process alone, for the keys that were used last."""

import time
from collections.abc import Callable, Sequence

from gateway.server.lru import LeastRecentlyUsed
from gateway.server.rate_limits.decision import Hit, Left, judge

_MAX_KEYS = 100_000


class MemoryLimiter:
    """A `RateLimiter` that remembers 100,000 keys; one that is forgotten begins anew. `clock` gives microseconds."""

    def __init__(self, *, clock: Callable[[], int] = lambda: time.monotonic_ns() // 1000) -> None:
        self._clock = clock
        self._paid_until = LeastRecentlyUsed[str, int](
            max_entries=_MAX_KEYS, max_size=_MAX_KEYS, size_of=lambda _, __: 1
        )

    async def decide(self, hits: Sequence[Hit]) -> Sequence[Left]:
        now = self._clock()
        debts = [(self._paid_until.get(hit.key) or 0) - now for hit in hits]
        found, after = judge(hits, debts)
        for hit, debt in zip(hits, after, strict=True):
            self._paid_until.put(hit.key, now + debt)
        return found

    async def close(self) -> None:
        """There is nothing to close."""
