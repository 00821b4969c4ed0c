"""Whether the router answers too often that it cannot: a load balancer then does well to ask another."""

import time
from collections.abc import Callable

from gateway.server.config.health import Readiness


class Rejections:
    """Counts the answers that were refused for want of time or room, by what `readiness` is when one is counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = 0.0
        self._count = 0
        self._unready_until = 0.0

    def count(self, readiness: Readiness) -> None:
        """One more of them."""
        now, interval = self._clock(), readiness.interval
        if now >= self._since + interval.sampling:
            self._since, self._count = now, 0
        self._count += 1
        if self._count > readiness.allowed:
            self._unready_until = now + (interval.unready or 2 * interval.sampling)

    async def check(self) -> None:
        """Raises RuntimeError where there were too many a short time ago."""
        if self._clock() < self._unready_until:
            raise RuntimeError("too many requests were refused")
