"""What of Envoy's protocol is the same over gRPC and as JSON: what a request asks for, and what a descriptor is told.

A domain is a namespace. The descriptors of a request are one decision: what one of them may not have is charged to none. Limits that the
request brings itself are not taken; limits are policies here.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.ratelimit.domain.matching import Limit, Limits
from subgraphs.ratelimit.domain.model import Standing
from subgraphs.ratelimit.domain.rules import MICROSECONDS
from subgraphs.ratelimit.engine.outcome import Outcome

_UNITS = {1: "SECOND", 60: "MINUTE", 3_600: "HOUR", 86_400: "DAY", 604_800: "WEEK"}


class Status(Struct, frozen=True):
    """How a descriptor stands: by the limit that denies, or by the one with the least left; `limit` None where none applies."""

    is_over: bool = False
    limit: Limit | None = None
    remaining: int = 0
    reset: int = 0
    """Seconds, rounded up."""

    @property
    def unit(self) -> str | None:
        """The protocol's unit that the limit's period is, if it is one."""
        return _UNITS.get(self.limit.rule.period) if self.limit else None


def descriptor_of(entries: Sequence[tuple[str, str]], *, brings_limit: bool) -> dict[str, str]:
    """The attributes that a descriptor's entries are. Raises InvalidInputError."""
    attributes = dict(entries)
    if len(attributes) != len(entries):
        raise InvalidInputError("descriptors", "a descriptor has a key twice")
    if brings_limit:
        raise InvalidInputError("descriptors", "limits are policies here, and are not taken from requests")
    return attributes


def cost_of(addend: int, own: Sequence[int | None]) -> int:
    """What a request takes of each limit; descriptors that say so for themselves, in `own`, must say the same."""
    told = {each for each in own if each is not None}
    if len(told) > 1 or (told and None in own):
        raise InvalidInputError("hits_addend", "must be the same for all descriptors, which are one decision")
    return told.pop() if told else addend or 1


def statuses_of(outcome: Outcome, apart: Sequence[Limits]) -> Iterator[Status]:
    """How each descriptor stands, by its limits."""
    standings = {limit.key: standing for limit, standing in outcome.pairs}
    return (_status(outcome, limits, standings) for limits in apart)


def _status(outcome: Outcome, limits: Limits, standings: dict[str, Standing]) -> Status:
    told = [limit for limit in limits.each if limit.key in standings and not limit.policy.is_shadow]
    if not told:
        return Status()
    denying = outcome.denied_by if outcome.denied_by in told else None
    limit = denying or min(told, key=lambda each: standings[each.key].remaining)
    standing = standings[limit.key]
    return Status(denying is not None, limit, standing.remaining, -(-standing.reset // MICROSECONDS))
