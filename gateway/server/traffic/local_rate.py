"""A rate that is kept in this process for everybody together."""

import time
from collections.abc import Callable

from gateway.server.config.traffic import RateLimit
from gateway.server.rate_limits.decision import Hit, judge


class LocalRate:
    """Lets `capacity` requests in at once, and as many again, spread evenly, in every `interval`."""

    def __init__(self, limit: RateLimit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._hit = (Hit.of("", limit),)
        self._clock = clock
        self._paid_until = 0

    def take(self) -> float:
        """0 for one that is let in; else after how many seconds the next one will be."""
        now = int(self._clock() * 1_000_000)
        (left,), (debt,) = judge(self._hit, (self._paid_until - now,))
        self._paid_until = now + debt
        return left.wait
