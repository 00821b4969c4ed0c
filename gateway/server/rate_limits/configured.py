"""The limits of the router's own configuration."""

import math
from collections.abc import Sequence

from common.limiting import LimitState, Verdict
from gateway.server.config.rate_limits import KeyedLimit
from gateway.server.exchange import Exchange
from gateway.server.rate_limits.decision import Hit, Left, RateLimiter
from gateway.server.rate_limits.keys import KeyFinder


class ConfiguredLimits:
    """A `Gate`: an operation is charged to all of `limits` or to none, by what `limiter` decides."""

    def __init__(self, limits: Sequence[KeyedLimit], limiter: RateLimiter) -> None:
        self.by_operation = any(limit.by_operation for limit in limits)
        self._limits = [(limit, KeyFinder(limit)) for limit in limits]
        self._limiter = limiter

    async def decide(self, exchange: Exchange) -> Verdict:
        found = await self._limiter.decide(
            [Hit.of(keys.find(exchange), limit) for limit, keys in self._limits]
        )
        states = tuple(_state(limit, left) for (limit, _), left in zip(self._limits, found, strict=True))
        wait = max(left.wait for left in found)
        if not wait:
            return Verdict(allowed=True, limits=states)
        denied_by = next(state.policy for state in states if state.wait)
        return Verdict(allowed=False, limits=states, denied_by=denied_by, retry_after=wait)

    async def close(self) -> None:
        await self._limiter.close()


def _state(limit: KeyedLimit, left: Left) -> LimitState:
    return LimitState(
        limit.name, limit.capacity, left.remaining, left.reset, left.wait, window=math.ceil(limit.interval)
    )
