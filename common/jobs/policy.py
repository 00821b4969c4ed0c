"""What a kind of job says of itself: how urgent it is, when it is tried again, and what there may be only one of."""

import random
from enum import IntEnum, StrEnum

from msgspec import Struct


class Priority(IntEnum):
    """Four classes that share the workers 8:4:2:1 while all have jobs waiting; none starves."""

    URGENT = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


class Unique(StrEnum):
    """Until when a job keeps others of the same key out."""

    UNTIL_STARTED = "UNTIL_STARTED"
    UNTIL_FINISHED = "UNTIL_FINISHED"
    UNTIL_SUCCEEDED = "UNTIL_SUCCEEDED"
    WHILE_KEPT = "WHILE_KEPT"


class Backoff(Struct, frozen=True):
    """Full jitter: a random time up to `base * 2 ** (attempt - 1)` seconds, of which none is above `cap`."""

    base: float = 1.0
    cap: float = 600.0

    def delay(self, attempt: int) -> float:
        """Seconds until the attempt after the `attempt`-th, which is 1 or more."""
        longest: float = min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))
        return random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing
