"""What tenants' APIs were used for, and what of a month's quota is left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from common.inputs import InvalidInputError

MAX_BUCKETS = 1_000


class Span(StrEnum):
    """How long a bucket is; days and months are UTC's."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"

    @property
    def longest(self) -> timedelta:
        """For how long buckets of this length may be asked for at once."""
        return {"HOUR": timedelta(days=31), "DAY": timedelta(days=366), "MONTH": timedelta(days=3_660)}[self]


class Dimension(StrEnum):
    """By what buckets of one time are told apart."""

    ROUTE = "ROUTE"
    CONSUMER = "CONSUMER"
    KEY = "KEY"


class Bucket(Struct, frozen=True, kw_only=True):
    """`route`, `consumer` and `key_id` are None where buckets are not told apart by them."""

    start: datetime
    route: str | None
    consumer: str | None
    key_id: str | None
    requests: int
    refused: int
    failed: int
    bytes_in: int
    bytes_out: int


class Quota(Struct, frozen=True):
    """How much of the month's requests upstreams have answered."""

    limit: int
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Window(Struct, frozen=True):
    """Buckets from `since`, and before `until`."""

    since: datetime
    until: datetime
    span: Span
    by: Sequence[Dimension]


def check_window(window: Window) -> Window:
    """Return `window`, or raise InvalidInputError unless it can be answered at once."""
    if window.since.tzinfo is None or window.until.tzinfo is None:
        raise InvalidInputError("since", "and until must have a time zone")
    if not timedelta() < window.until - window.since <= window.span.longest:
        raise InvalidInputError("until", f"must be after since by at most {window.span.longest.days} days")
    return window
