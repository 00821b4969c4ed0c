"""Calendar windows: the day, week, month or year of a time zone, with its summer time."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CalendarUnit(StrEnum):
    """A window as people mean it; a week starts on Monday (ISO 8601)."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


def calendar_bounds(unit: CalendarUnit, time_zone: str, now: int) -> tuple[int, int, int]:
    """Where the window of `now` starts, where the next one does, and where that ends; microseconds since 1970."""
    return _around(unit, time_zone, now // 3_600_000_000)


@lru_cache(maxsize=1024)
def _around(unit: CalendarUnit, time_zone: str, hour: int) -> tuple[int, int, int]:
    """The bounds for the start of an hour since 1970; behind an edge within it the second window holds."""
    zone = ZoneInfo(time_zone)
    local = (_EPOCH + timedelta(hours=hour)).astimezone(zone)
    start = _floor(unit, local.replace(tzinfo=None))
    stop = _next(unit, start)
    end = _next(unit, stop)
    return _microseconds(start, zone), _microseconds(stop, zone), _microseconds(end, zone)


def _floor(unit: CalendarUnit, local: datetime) -> datetime:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case CalendarUnit.DAY:
            return day
        case CalendarUnit.WEEK:
            return day - timedelta(days=day.weekday())
        case CalendarUnit.MONTH:
            return day.replace(day=1)
        case CalendarUnit.YEAR:
            return day.replace(month=1, day=1)


def _next(unit: CalendarUnit, start: datetime) -> datetime:
    longest = {CalendarUnit.DAY: 1, CalendarUnit.WEEK: 7, CalendarUnit.MONTH: 31, CalendarUnit.YEAR: 366}
    return _floor(unit, start + timedelta(days=longest[unit]))


def _microseconds(local: datetime, zone: ZoneInfo) -> int:
    return (local.replace(tzinfo=zone).astimezone(UTC) - _EPOCH) // _MICROSECOND
