"""Two counts over the last seconds, in constant space."""

import time
from collections.abc import Callable

_SLOTS = 10


class Window:
    """Counts of `all` and of those `marked`, each forgotten after `seconds`, give or take a tenth of them."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._slot_seconds = seconds / _SLOTS
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self.all = self.marked = 0
        self._slots = [[0, 0] for _ in range(_SLOTS)]
        self._now = int(self._clock() / self._slot_seconds)

    def add(self, *, all: int = 0, marked: int = 0) -> None:  # noqa: A002 - the name of the count
        """Counts something that happens now."""
        self.move()
        slot = self._slots[self._now % _SLOTS]
        slot[0] += all
        slot[1] += marked
        self.all += all
        self.marked += marked

    def move(self) -> None:
        """Forgets what is too long ago."""
        now = int(self._clock() / self._slot_seconds)
        if now == self._now:
            return
        for slot in range(self._now + 1, min(now, self._now + _SLOTS) + 1):
            gone = self._slots[slot % _SLOTS]
            self._slots[slot % _SLOTS] = [0, 0]
            self.all -= gone[0]
            self.marked -= gone[1]
        self._now = now
