"""What a tenant owes for a month, and why: a pure function of what it had bought when, what was metered, and what was billed before.

All is whole numbers. A month's price and allowance are shared among the parts of the month by cumulative rounding: the first
parts together get the exact sum of their shares, rounded down. So the lines add up to the exact sum rounded down, each is
within one of its share, and no line depends on what comes after it. Overage is charged for all that was metered of a part, less what was
charged before: whatever arrives when, in the end the same is billed.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise

from msgspec import Struct
from msgspec.structs import replace

from subgraphs.tenants.domain.crediting import AppliedCredit, Credit, apply_credits
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.domain.plans import Overage, Plan, Price

GRACE = timedelta(days=2)
"""For how long after its end a month waits for usage that is under way."""
LATE = 3
"""Months for which usage that comes after the close is still billed, by the next statement."""
_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)


class Terms(Struct, frozen=True, kw_only=True):
    """What the tenant pays since a moment: its plan as it was then, whatever becomes of the plan."""

    plan: str
    since: datetime
    price: Price
    included: int
    overage: Overage

    def is_as(self, plan: Plan) -> bool:
        """Whether the plan is to be had on these terms today."""
        mine = (self.plan, self.price, self.included, self.overage)
        return mine == (plan.name, plan.price, plan.included, plan.overage)


class LineKind(StrEnum):
    """PLAN is a share of a month's price, USAGE what was metered, LATE_USAGE what was after its month had been closed."""

    PLAN = "PLAN"
    USAGE = "USAGE"
    LATE_USAGE = "LATE_USAGE"


class Line(Struct, frozen=True, kw_only=True):
    """A reason to pay `amount`.

    `month` is that of the usage. From `since` and before `until` the terms held that began at `terms_since`. `price` is for a
    month, or for `unit` requests. Of `requests`, `overage` are beyond the `allowance` of that time.
    """

    kind: LineKind
    month: Month
    plan: str
    terms_since: datetime
    since: datetime
    until: datetime
    price: int
    unit: int = 0
    requests: int = 0
    allowance: int = 0
    overage: int = 0
    amount: int


class Statement(Struct, frozen=True, kw_only=True):
    """`closed_at` is None for one that may still change."""

    month: Month
    currency: str
    lines: tuple[Line, ...]
    credits: tuple[AppliedCredit, ...]
    closed_at: datetime | None = None

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def total(self) -> int:
        """What is owed."""
        return self.subtotal - sum(credit.amount for credit in self.credits)


class Book(Struct, frozen=True, kw_only=True):
    """All from which the next statement follows: `terms` by time, requests by their `hours`, the `statements` of `LATE` months before."""

    currency: str
    terms: tuple[Terms, ...]
    hours: Mapping[datetime, int]
    statements: tuple[Statement, ...]
    credits: tuple[Credit, ...]

    def after(self, statement: Statement) -> "Book":
        """The book once that statement is closed."""
        used = {each.credit_id: each.amount for each in statement.credits}
        left = (
            replace(credit, remaining=credit.remaining - used.get(credit.id, 0)) for credit in self.credits
        )
        return replace(self, statements=(*self.statements, statement), credits=tuple(left))


class _Part(Struct, frozen=True):
    """A part of a month in which the same terms held; `price` and `allowance` are its shares, `requests` what was metered."""

    terms: Terms
    since: datetime
    until: datetime
    price: int
    allowance: int
    requests: int

    @property
    def overage(self) -> int:
        return max(0, self.requests - self.allowance)

    @property
    def charge(self) -> int:
        """For all the overage."""
        return self.overage * self.terms.overage.amount // self.terms.overage.unit


def draft(book: Book, month: Month) -> Statement:
    """The statement of `month`, as things stand; those of the months before are in the book."""
    parts = _parts(book, month)
    lines = (
        *(_plan_line(month, part) for part in parts),
        *(_usage_line(LineKind.USAGE, month, part) for part in parts),
        *_late(book, month),
    )
    due = sum(line.amount for line in lines)
    applied = tuple(apply_credits(book.credits, due, month))
    return Statement(month=month, currency=book.currency, lines=lines, credits=applied)


def drafts(book: Book, first: Month, last: Month) -> Iterator[Statement]:
    """The statements of the months from `first` to `last`, each as if those before it had been closed just so."""
    while first <= last:
        statement = draft(book, first)
        yield statement
        book, first = book.after(statement), first.plus(1)


def _plan_line(month: Month, part: _Part) -> Line:
    return Line(
        kind=LineKind.PLAN,
        month=month,
        plan=part.terms.plan,
        terms_since=part.terms.since,
        since=part.since,
        until=part.until,
        price=part.terms.price.amount,
        amount=part.price,
    )


def _usage_line(
    kind: LineKind, month: Month, part: _Part, *, billed: int = 0, over: int = 0, charged: int = 0
) -> Line:
    """What was metered in the part, less the requests that were `billed`, of which `over` were beyond the allowance and `charged`."""
    return Line(
        kind=kind,
        month=month,
        plan=part.terms.plan,
        terms_since=part.terms.since,
        since=part.since,
        until=part.until,
        price=part.terms.overage.amount,
        unit=part.terms.overage.unit,
        requests=part.requests - billed,
        allowance=part.allowance,
        overage=part.overage - over,
        amount=part.charge - charged,
    )


def _late(book: Book, month: Month) -> Iterator[Line]:
    """What has come of earlier months since they were closed."""
    closed = [each.month for each in book.statements if month.plus(-LATE) <= each.month < month]
    lines = [line for each in book.statements for line in each.lines if line.kind is not LineKind.PLAN]
    for earlier in closed:
        for part in _parts(book, earlier):
            before = [line for line in lines if (line.month, line.terms_since) == (earlier, part.terms.since)]
            billed = sum(line.requests for line in before)
            if part.requests > billed:
                over, charged = (
                    sum(line.overage for line in before),
                    sum(line.amount for line in before),
                )
                yield _usage_line(
                    LineKind.LATE_USAGE, earlier, part, billed=billed, over=over, charged=charged
                )


def _parts(book: Book, month: Month) -> list[_Part]:
    ends = [*(terms.since for terms in book.terms[1:]), month.end]
    bounds = [
        (terms, max(terms.since, month.start), min(end, month.end))
        for terms, end in zip(book.terms, ends, strict=True)
    ]
    held = [(terms, since, until) for terms, since, until in bounds if since < until]
    prices = _shares(month, held, lambda terms: terms.price.amount)
    allowances = _shares(month, held, lambda terms: terms.included)
    metered = _metered(book, month)
    return [
        _Part(terms, since, until, price, allowance, metered.get(terms.since, 0))
        for (terms, since, until), price, allowance in zip(held, prices, allowances, strict=True)
    ]


def _shares(
    month: Month, held: Sequence[tuple[Terms, datetime, datetime]], monthly: Callable[[Terms], int]
) -> list[int]:
    """What each part has of what is `monthly`, by cumulative rounding."""
    length = (month.end - month.start) // _TICK
    exact = accumulate(monthly(terms) * ((until - since) // _TICK) for terms, since, until in held)
    return [after - before for before, after in pairwise([0, *(each // length for each in exact)])]


def _metered(book: Book, month: Month) -> Mapping[datetime, int]:
    """The month's requests by the terms, named by their beginning: an hour is for those that hold at its end."""
    beginnings = [terms.since for terms in book.terms]
    found: dict[datetime, int] = {}
    for hour, requests in book.hours.items():
        place = bisect_left(beginnings, hour + _HOUR) - 1
        if place >= 0 and month.start <= hour < month.end:
            since = beginnings[place]
            found[since] = found.get(since, 0) + requests
    return found
