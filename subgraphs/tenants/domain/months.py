"""Months of the calendar in UTC, which is what statements are for."""

import re
from datetime import UTC, date, datetime

from msgspec import Struct

from common.inputs import InvalidInputError

_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")


class Month(Struct, frozen=True, order=True):
    """`number` is 1 for January."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        """The month in which `moment` is."""
        utc = moment.astimezone(UTC)
        return cls(utc.year, utc.month)

    @classmethod
    def of_day(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @property
    def day(self) -> date:
        """Its first one."""
        return date(self.year, self.number, 1)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """When the next one starts."""
        return self.plus(1).start

    def plus(self, count: int) -> "Month":
        """The month that is `count` later, or earlier."""
        year, number = divmod(self.year * 12 + self.number - 1 + count, 12)
        return Month(year, number + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def parse_month(field: str, text: str) -> Month:
    """The month that is written `2026-11`, or raise InvalidInputError."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise InvalidInputError(field, "must be a month, such as 2026-11")
    return Month(int(found[1]), int(found[2]))
