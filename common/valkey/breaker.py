"""A circuit breaker: after a few failures in a row nothing is asked for a while, and then by one call only."""

import random
import time
from collections.abc import Callable

FAILURES = 3
FIRST_PAUSE = 0.1  # seconds; doubles with each probe that fails
LONGEST_PAUSE = 2.0
_JITTER = (0.5, 1.5)


class Breaker:
    """Whether to call a part that may be down. Each call that `admits` let through ends in `succeed` or `fail`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_again_at = 0.0
        self._pause = FIRST_PAUSE
        self._is_probing = False

    def admits(self) -> bool:
        """Whether a call may be made now; while the breaker is open, True for the one that probes."""
        if self._failures < FAILURES:
            return True
        if self._is_probing or self._clock() < self._closed_again_at:
            return False
        self._is_probing = True
        return True

    def succeed(self) -> None:
        """Count an answer: whatever failed before is over."""
        self._failures, self._pause, self._is_probing = 0, FIRST_PAUSE, False

    def fail(self) -> None:
        """Count a call without an answer."""
        self._failures += 1
        if self._failures == FAILURES or self._is_probing:
            # spread, so that many processes do not come back at once
            self._closed_again_at = self._clock() + self._pause * random.uniform(*_JITTER)  # noqa: S311 - no secret
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._is_probing = False
