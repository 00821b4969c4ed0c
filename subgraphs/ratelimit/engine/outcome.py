"""What came of a decision, for the doors to tell."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from subgraphs.ratelimit.domain.matching import Limit, Limits
from subgraphs.ratelimit.domain.model import Answer, Standing


class Outcome(Struct, frozen=True):
    """What was decided.

    Args:
        limits: those that were asked; not all where one is known to deny, or without Valkey.
        standings: how each of them stands.
        denied_by: the limit that denies, None when all admit.
        wait: microseconds until that one may admit; NEVER if the cost exceeds it; 0 when all admit.
        is_degraded: it was decided without Valkey.
    """

    limits: Sequence[Limit]
    standings: Sequence[Standing]
    denied_by: Limit | None = None
    wait: int = 0
    is_degraded: bool = False

    @property
    def is_allowed(self) -> bool:
        return self.denied_by is None

    @property
    def pairs(self) -> Iterator[tuple[Limit, Standing]]:
        """Each limit with its standing."""
        return zip(self.limits, self.standings, strict=True)


UNLIMITED = Outcome((), ())
"""What is decided where no limit applies."""


def answered(limits: Limits, answer: Answer) -> Outcome:
    """The outcome that Valkey's answer is."""
    place = answer.verdict
    if place <= 0:
        return Outcome(limits.each, answer.standings)
    return Outcome(limits.each, answer.standings, limits.each[place - 1], answer.standings[place - 1].wait)


def concluded(
    limits: Limits, place: int, standings: Mapping[str, Standing], *, is_degraded: bool = False
) -> Outcome:
    """The outcome of a decision that not all limits were asked for; `standings` by key, and `place` from 1 denies."""
    asked = [limit for limit in limits.each if limit.key in standings]
    told = [standings[limit.key] for limit in asked]
    if place == 0:
        return Outcome(asked, told, is_degraded=is_degraded)
    denying = limits.each[place - 1]
    return Outcome(asked, told, denying, standings[denying.key].wait, is_degraded)
