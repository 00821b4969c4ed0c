"""A budget for retries.

A retry that nobody limits makes an outage worse: three layers that try three times each send 27 requests for one. A budget
bounds what a part that fails gets to a share of what it is asked anyway.
"""

import time
from collections.abc import Callable

from common.resilience.window import Window


class Budget:
    """Lets a retry be where those of the last `seconds` stay within their `share` of all requests, or below `floor` a second."""

    def __init__(
        self, *, share: float, floor: float, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._window = Window(seconds, clock=clock)
        self._share = share
        self._floor = floor * seconds

    def count(self) -> None:
        """One request that is sent for the first time."""
        self._window.add(all=1)

    def take(self) -> bool:
        """Whether a retry may be sent, which is then counted."""
        self._window.move()
        if self._window.marked + 1 > self._share * self._window.all + self._floor:
            return False
        self._window.add(marked=1)
        return True
