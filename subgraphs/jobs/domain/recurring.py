"""When a recurring job's ticks are: cron expressions in a time zone, over the hours that clocks skip or repeat.

Cron's rules, by `cronsim`: a time of day that is skipped in spring comes at once after the gap, one that is repeated in
autumn comes once, and what comes every hour or more often follows the real time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from msgspec import Struct

from common.inputs import InvalidInputError

MAX_CAUGHT_UP = 100
"""Ticks that are made up for in one transaction; the others come in the next."""

RECENT = timedelta(minutes=1)


class CatchUp(StrEnum):
    """Which of the ticks that nobody was there for a recurring job makes up for."""

    SKIP = "SKIP"
    LAST = "LAST"
    ALL = "ALL"


class Recurring(Struct, frozen=True, kw_only=True):
    """A job asked for at each tick of `cron` in `timezone`; `next_at` is the tick to come."""

    name: str
    cron: str
    timezone: str
    catch_up: CatchUp
    next_at: datetime


def check_schedule(cron: str, timezone: str) -> None:
    """Raise InvalidInputError unless there will be a tick of `cron` in `timezone`."""
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise InvalidInputError("timezone", "is not in the time zone database") from None
    try:
        next(CronSim(cron, datetime.now(zone)))
    except (CronSimError, StopIteration):
        raise InvalidInputError("cron", "is not a cron expression that ever comes") from None


def ticks(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """The ticks after a moment, in UTC."""
    for tick in CronSim(cron, after.astimezone(ZoneInfo(timezone))):
        yield tick.astimezone(UTC)


def due_ticks(
    cron: str, timezone: str, *, first: datetime, now: datetime, catch_up: CatchUp
) -> tuple[list[datetime], datetime]:
    """Which of the ticks from `first` to `now` are to be run, and the one to go on with.

    The latest is run in any case if it is less than a minute old, so that a leader's change loses none.
    """
    if catch_up is CatchUp.ALL:
        later = takewhile(lambda tick: tick <= now, ticks(cron, timezone, first))
        passed = [first, *islice(later, MAX_CAUGHT_UP - 1)]
        return passed, next(ticks(cron, timezone, passed[-1]))
    latest = max(first, _latest(cron, timezone, now))
    is_wanted = catch_up is CatchUp.LAST or now - latest < RECENT
    return [latest] if is_wanted else [], next(ticks(cron, timezone, now))


def _latest(cron: str, timezone: str, now: datetime) -> datetime:
    """The last tick up to `now`, in UTC."""
    soon = (now.replace(microsecond=0) + timedelta(seconds=1)).astimezone(ZoneInfo(timezone))
    return next(CronSim(cron, soon, reverse=True)).astimezone(UTC)
