"""What is to be seen of a queue, and how its tenants share it."""

from datetime import datetime

from msgspec import Struct

from common.inputs import InvalidInputError

QUEUE = "queue"
"""The topic of what changes about a queue or its jobs (`common.live`), by its name."""

WAKE = "wake"
"""The topic that wakes the workers of a queue, by its name."""

COST = 100_000
"""What a job costs its tenant, divided by the tenant's weight: the distance between two of its tags."""


class QueueStats(Struct, frozen=True, kw_only=True):
    """A queue: how many of its jobs wait, for what, run, and are dead."""

    name: str
    is_paused: bool
    waiting: int = 0
    held: int = 0
    scheduled: int = 0
    ready: int = 0
    running: int = 0
    dead: int = 0
    oldest_ready_at: datetime | None = None


def check_weight(weight: int) -> int:
    """Return `weight`, or raise InvalidInputError unless it is 1 to 1000."""
    if not 1 <= weight <= 1_000:
        raise InvalidInputError("weight", f"must be between 1 and 1000, not {weight}")
    return weight
