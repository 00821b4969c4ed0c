"""What came of a decision, for the doors to tell."""

from collections.abc import Sequence

from msgspec import Struct

from subgraphs.ratelimit.domain.model import Standing
from subgraphs.ratelimit.domain.policies import Limit


class LimitOutcome(Struct, frozen=True):
    """A limit that was asked, and how it stands."""

    limit: Limit
    standing: Standing


class Outcome(Struct, frozen=True):
    """What was decided.

    Args:
        limits: those that were asked; not all where one is known to deny, or without Valkey.
        denied_by: the limit that denies, None when all admit.
        wait: microseconds until that one may admit; NEVER if the cost exceeds it; 0 when all admit.
        is_degraded: it was decided without Valkey.
    """

    limits: Sequence[LimitOutcome]
    denied_by: Limit | None = None
    wait: int = 0
    is_degraded: bool = False

    @property
    def is_allowed(self) -> bool:
        return self.denied_by is None
