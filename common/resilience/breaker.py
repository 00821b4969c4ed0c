"""A circuit breaker: after a few failures in a row nothing is asked for a while, and then by one call only."""

import random
import time
from collections.abc import Callable

FAILURES = 3
FIRST_PAUSE = 0.1  # seconds; doubles with each probe that fails
LONGEST_PAUSE = 2.0
_JITTER = (0.5, 1.5)


class Breaker:
    """Whether to call a part that may be down. Each call that `admits` let through ends in `succeed`, `fail` or `give_up`.

    It opens after `failures` in a row, for about `first_pause` seconds, and twice as long after each probe that fails, up to
    `longest_pause`.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        failures: int = FAILURES,
        first_pause: float = FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        self._clock = clock
        self._most_failures = failures
        self._first_pause = self._pause = first_pause
        self._longest_pause = longest_pause
        self._failures = 0
        self._closed_again_at = 0.0
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are kept back, but for a probe."""
        return self._failures >= self._most_failures

    def would_admit(self) -> bool:
        """Whether `admits` would say so; asking changes nothing."""
        return not self.is_open or (not self._is_probing and self._clock() >= self._closed_again_at)

    def admits(self) -> bool:
        """Whether a call may be made now; while the breaker is open, True for the one that probes."""
        if not self.is_open:
            return True
        if not self.would_admit():
            return False
        self._is_probing = True
        return True

    def succeed(self) -> None:
        """Count an answer: whatever failed before is over."""
        self._failures, self._pause, self._is_probing = 0, self._first_pause, False

    def fail(self) -> None:
        """Count a call without an answer."""
        self._failures += 1
        if self._failures == self._most_failures or self._is_probing:
            # spread, so that many processes do not come back at once
            self._closed_again_at = self._clock() + self._pause * random.uniform(*_JITTER)  # noqa: S311 - no secret
            self._pause = min(2 * self._pause, self._longest_pause)
        self._is_probing = False

    def give_up(self) -> None:
        """Count nothing: nobody waited for the answer."""
        self._is_probing = False
