"""A rule: how much, how often, by which algorithm; and the form in which Valkey and the model take it.

Times are whole microseconds, amounts whole tokens. Every sum and product that a decision makes of them stays below 2^53, so that
Lua's doubles are exact: what would not is refused when the policy is written.
"""

from enum import IntEnum, StrEnum
from math import gcd
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.ratelimit.domain.calendar import CalendarUnit, calendar_bounds

MICROSECONDS = 1_000_000
MAX_COST = 1_000_000_000
MAX_PERIOD = 366 * 86_400
MAX_LOG = 1_000
_EXACT = 2**53


class Algorithm(StrEnum):
    """How a limit counts.

    With `limit` N, `period` P and `burst` B:

    - TOKEN_BUCKET (GCRA): any interval T admits at most B + N * T / P.
    - FIXED_WINDOW: at most N in each window of P seconds since 1970 or each `calendar` unit, so 2 N around an edge.
    - SLIDING_LOG: at most N in any P seconds.
    - SLIDING_COUNTER: as the log, if the window before was used evenly.
    - CONCURRENCY: at most N reserved at the same time.
    """

    TOKEN_BUCKET = "TOKEN_BUCKET"  # noqa: S105 - the algorithm's name
    FIXED_WINDOW = "FIXED_WINDOW"
    SLIDING_LOG = "SLIDING_LOG"
    SLIDING_COUNTER = "SLIDING_COUNTER"
    CONCURRENCY = "CONCURRENCY"


class Kind(IntEnum):
    """An algorithm's number in a `Call`: the order of KINDS in limits.lua."""

    GCRA = 1
    WINDOW = 2
    LOG = 3
    COUNTER = 4
    CONCURRENCY = 5


_KINDS = dict(zip(Algorithm, Kind, strict=True))


class Call(Struct, frozen=True, array_like=True):
    """One limit of a decision. What `a` to `d` are depends on the kind: see limits.lua."""

    key: str
    kind: int
    cost: int
    shadow: int
    capacity: int
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0


class Rule(Struct, frozen=True, kw_only=True):
    """`period` in seconds, 0 for CONCURRENCY and for a calendar unit; `burst` is of TOKEN_BUCKET only, else 0."""

    algorithm: Algorithm
    limit: int
    period: int = 0
    burst: int = 0
    calendar: CalendarUnit | None = None
    time_zone: str = "UTC"

    @property
    def capacity(self) -> int:
        """The most that one decision may cost."""
        return self.burst if self.algorithm is Algorithm.TOKEN_BUCKET else self.limit

    @property
    def is_calendar(self) -> bool:
        return self.calendar is not None

    def rate(self) -> tuple[int, int]:
        """Tokens a microsecond as a fraction in lowest terms."""
        period = self.period * MICROSECONDS
        common = gcd(self.limit, period)
        return self.limit // common, period // common

    def call(self, key: str, cost: int, *, shadow: bool = False, now: int = 0) -> Call:
        """The limit as a decision names it; `now` tells a calendar window's bounds, of which there are two windows."""
        kind, period = _KINDS[self.algorithm], self.period * MICROSECONDS
        if kind is Kind.GCRA:
            return Call(key, kind, cost, int(shadow), self.burst, *self.rate())
        if self.calendar is not None:
            bounds = calendar_bounds(self.calendar, self.time_zone, now)
            return Call(key, kind, cost, int(shadow), self.limit, 0, *bounds)
        return Call(key, kind, cost, int(shadow), self.limit, period)

    def share(self, nodes: int) -> "Rule":
        """The part of one of `nodes` that decide without one another; at least one token."""
        return Rule(
            algorithm=self.algorithm,
            limit=max(1, self.limit // nodes),
            period=self.period,
            burst=max(1, self.burst // nodes) if self.burst else 0,
            calendar=self.calendar,
            time_zone=self.time_zone,
        )


def check_rule(rule: Rule) -> Rule:
    """Return `rule`, or raise InvalidInputError that names the field with which it cannot be kept exactly."""
    _check_range("limit", rule.limit, MAX_LOG if rule.algorithm is Algorithm.SLIDING_LOG else MAX_COST)
    _check_calendar(rule)
    if rule.algorithm is Algorithm.CONCURRENCY or rule.is_calendar:
        if rule.period:
            raise InvalidInputError("period", "is not given for CONCURRENCY or a calendar unit")
    else:
        _check_range("period", rule.period, MAX_PERIOD)
    if rule.algorithm is Algorithm.TOKEN_BUCKET:
        _check_range("burst", rule.burst, MAX_COST)
        if rule.burst * rule.rate()[1] > _EXACT:
            raise InvalidInputError(
                "limit", "has too little in common with its period to be exact: choose a rounder one"
            )
    elif rule.burst:
        raise InvalidInputError("burst", "is for TOKEN_BUCKET only")
    if rule.algorithm is Algorithm.SLIDING_COUNTER and rule.limit * rule.period * 1_000 > _EXACT:
        raise InvalidInputError("limit", "is too large for its period")
    return rule


def _check_range(field: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise InvalidInputError(field, f"must be 1 to {most}")


def _check_calendar(rule: Rule) -> None:
    if rule.is_calendar and rule.algorithm is not Algorithm.FIXED_WINDOW:
        raise InvalidInputError("calendar", "is for FIXED_WINDOW only")
    try:
        ZoneInfo(rule.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInputError("timeZone", "is not a time zone of the IANA database") from None
