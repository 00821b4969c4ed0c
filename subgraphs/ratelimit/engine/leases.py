"""Leases: tokens of a bucket that a process takes in advance and spends by itself, so that a hot key is asked for seldom.

They are charged when they are taken, so however many die, what was admitted never exceeds what was charged. A lease is no
more than its bucket refills within the lease's time: what is not spent then is lost to this process and back in the bucket. It is
never given back by hand, for it would be there twice.
"""

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct

from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.model import Answer, Decision, Mode, Standing
from subgraphs.ratelimit.engine.valkey import ValkeyEngine

TTL = 1.0  # seconds
_PART = 20  # of the capacity; others must not be refused for long by what one holds
_LEASES = 4_096


class _Lease(Struct):
    size: int
    tokens: int
    until: float


class Leases:
    """The leases of this process, by key."""

    def __init__(self, engine: ValkeyEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._leases: dict[str, _Lease] = {}
        self._taking: dict[str, asyncio.Task[Answer]] = {}

    async def spend(self, limit: Limit, cost: int) -> Standing | None:
        """Spend `cost` tokens; None if there were so many, else how the limit stands that denies them.

        Raises:
            ValkeyUnavailableError: the lease is spent, and Valkey does not answer.
        """
        while not self._spend(limit.key, cost):
            answer = await self._take(limit, cost)
            if not answer.granted:
                peeked = await self._engine.decide(lambda now: Decision(Mode.PEEK, [limit.call(cost, now)]))
                if peeked.verdict > 0:
                    return peeked.standings[0]
        return None

    def unspend(self, limit: Limit, cost: int) -> None:
        """Put back what was spent a moment ago for a decision that another limit denied."""
        lease = self._leases.get(limit.key)
        if lease is not None:
            lease.tokens += cost

    def clear(self) -> None:
        """Forget them all: the policies are others."""
        self._leases.clear()

    def _spend(self, key: str, cost: int) -> bool:
        lease = self._leases.get(key)
        if lease is None or lease.tokens < cost or self._clock() >= lease.until:
            return False
        lease.tokens -= cost
        return True

    async def _take(self, limit: Limit, cost: int) -> Answer:
        """One taking of a key at a time, for all who wait."""
        task = self._taking.get(limit.key)
        if task is None:
            task = self._taking[limit.key] = asyncio.create_task(self._take_now(limit, cost))
            task.add_done_callback(lambda _: self._taking.pop(limit.key))
        return await asyncio.shield(task)

    async def _take_now(self, limit: Limit, cost: int) -> Answer:
        since, before = self._clock(), self._leases.get(limit.key)
        size = max(cost, min(_most(limit), _demand(before)))
        answer = await self._engine.decide(lambda now: Decision(Mode.TAKE, [limit.call(size, now)]))
        if answer.granted:
            if len(self._leases) >= _LEASES:
                self._leases.clear()
            self._leases[limit.key] = _joined(before, answer.granted, since)
        return answer


def _most(limit: Limit) -> int:
    """What the bucket refills within a lease's time, and not too large a part of it."""
    parts, period = limit.rule.rate()
    return min(limit.rule.capacity // _PART, int(TTL * 1_000_000) * parts // period)


def _demand(before: _Lease | None) -> int:
    """Twice the last lease where it was spent, else what was spent of it."""
    if before is None:
        return 1
    return 2 * before.size if before.tokens <= 0 else before.size - before.tokens


def _joined(before: _Lease | None, granted: int, since: float) -> _Lease:
    """A new lease with what is left of the one before, which makes the new one's time no longer than its own."""
    if before is None or before.tokens <= 0 or since >= before.until:
        return _Lease(granted, granted, since + TTL)
    tokens = before.tokens + granted
    return _Lease(tokens, tokens, before.until)
