"""A rate that is kept in this process, by the generic cell rate algorithm (ITU-T I.371, annex A)."""

import time
from collections.abc import Callable

from gateway.server.config.traffic import RateLimit


class LocalRate:
    """Lets `capacity` requests in at once, and as many again, spread evenly, in every `interval`."""

    def __init__(self, limit: RateLimit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = limit.interval
        self._step = limit.interval / limit.capacity
        self._clock = clock
        self._paid_until = clock()

    def take(self) -> float:
        """0 for one that is let in; else after how many seconds the next one will be."""
        now = self._clock()
        paid_until = max(self._paid_until, now) + self._step
        wait = paid_until - now - self._interval
        if wait > 1e-9:  # what rounding leaves is no wait
            return wait
        self._paid_until = paid_until
        return 0.0
