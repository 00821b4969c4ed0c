"""Guarantees 19 and 20 of tenants' README, of the arithmetic alone: what always holds of statements, whatever was bought and used when."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from common.inputs import InvalidInputError
from subgraphs.tenants.domain.billing import LATE, Book, Line, LineKind, Statement, Terms, draft, drafts
from subgraphs.tenants.domain.crediting import Credit
from subgraphs.tenants.domain.months import Month, parse_month
from subgraphs.tenants.domain.plans import Overage, Plan, Price, check_plan

FIRST = Month(2026, 1)
LAST = FIRST.plus(3)
HOURS = int((LAST.end - FIRST.start) / timedelta(hours=1))
quick = settings(max_examples=60, deadline=None)


def terms(since: datetime, price: int = 0, included: int = 0, amount: int = 0, unit: int = 1) -> Terms:
    return Terms(
        plan="p", since=since, price=Price(price, "EUR"), included=included, overage=Overage(amount, unit)
    )


def credit(number: int, amount: int, expires_at: datetime | None = None) -> Credit:
    return Credit(
        tenant_id=UUID(int=0),
        id=UUID(int=number),
        amount=amount,
        currency="EUR",
        remaining=amount,
        reason="r",
        expires_at=expires_at,
        granted_by="root",
        granted_at=FIRST.start,
    )


def book(*held: Terms, hours: dict[datetime, int] | None = None, credits: tuple[Credit, ...] = ()) -> Book:  # noqa: A002 - as the book has them
    return Book(currency="EUR", terms=held, hours=hours or {}, statements=(), credits=credits)


def of_kind(statement: Statement, *kinds: LineKind) -> list[Line]:
    return [line for line in statement.lines if line.kind in kinds]


moments = st.integers(0, HOURS * 3_600_000_000 - 1).map(
    lambda ticks: FIRST.start + timedelta(microseconds=ticks)
)
histories = st.lists(
    st.tuples(moments, st.integers(0, 50_000), st.integers(0, 500), st.integers(0, 300), st.integers(1, 100)),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each[0],
).map(lambda found: tuple(terms(*each) for each in sorted(found)))
usages = st.dictionaries(
    st.integers(0, HOURS - 1).map(lambda hour: FIRST.start + timedelta(hours=hour)),
    st.integers(1, 2_000),
    max_size=12,
)
credits_ = st.lists(
    st.tuples(
        st.integers(1, 30_000),
        st.none() | st.integers(0, 5).map(lambda after: FIRST.plus(after).start),
    ),
    max_size=4,
).map(lambda found: tuple(credit(number, *each) for number, each in enumerate(found)))


@quick
@given(histories, usages, credits_)
def test_a_statement_adds_up(
    held: tuple[Terms, ...], hours: dict[datetime, int], left: tuple[Credit, ...]
) -> None:
    for statement in drafts(book(*held, hours=hours, credits=left), FIRST, LAST):
        assert statement.total == sum(line.amount for line in statement.lines) - sum(
            applied.amount for applied in statement.credits
        )
        assert statement.total >= 0
        assert all(line.amount >= 0 for line in statement.lines)


@quick
@given(histories)
def test_the_parts_of_a_month_cost_the_exact_sum_of_their_shares_rounded_down(
    held: tuple[Terms, ...],
) -> None:
    for month in (FIRST, LAST):
        length = month.end - month.start
        ends = [*(each.since for each in held[1:]), month.end]
        exact = sum(
            (
                Fraction((min(end, month.end) - max(each.since, month.start)) / timedelta(microseconds=1))
                * each.price.amount
                for each, end in zip(held, ends, strict=True)
                if max(each.since, month.start) < min(end, month.end)
            ),
            Fraction(0),
        ) / Fraction(length / timedelta(microseconds=1))
        lines = of_kind(draft(book(*held), month), LineKind.PLAN)
        assert sum(line.amount for line in lines) == int(exact)
        for line in lines:
            share = Fraction((line.until - line.since) / length) * line.price
            assert abs(line.amount - share) < 1.001, "the share is of floats"


@quick
@given(moments, st.integers(0, 50_000), st.integers(0, 500))
def test_a_change_that_changes_nothing_costs_nothing_wherever_it_is(
    moment: datetime, price: int, included: int
) -> None:
    whole = terms(FIRST.start, price, included)
    cut = book(whole, replace(whole, since=max(moment, FIRST.start + timedelta(microseconds=1))))
    for month in (FIRST, LAST):
        statement = draft(cut, month)
        assert statement.subtotal == price
        assert sum(line.allowance for line in of_kind(statement, LineKind.USAGE)) == included
        parts = of_kind(statement, LineKind.PLAN)
        assert (parts[0].since, parts[-1].until) == (month.start, month.end)
        assert all(before.until == after.since for before, after in pairwise(parts))


@quick
@given(histories, usages, st.data())
def test_what_is_billed_is_what_was_metered_in_whatever_order_it_came(
    held: tuple[Terms, ...], hours: dict[datetime, int], data: st.DataObject
) -> None:
    """Each hour's requests come at once or in two parts, before its month is closed or up to `LATE` months after."""
    arrivals: Counter[tuple[int, datetime]] = Counter()
    for hour, requests in hours.items():
        month = Month.of(hour)
        first = data.draw(st.integers(0, requests))
        for part in (first, requests - first):
            delay = data.draw(st.integers(0, LATE))
            arrivals[_months_between(FIRST, month) + delay, hour] += part
    known: Counter[datetime] = Counter()
    rolling, closed = book(*held), []
    for number in range(_months_between(FIRST, LAST) + LATE + 1):
        for (arrived, hour), part in arrivals.items():
            if arrived == number:
                known[hour] += part
        rolling = replace(rolling, hours=dict(known))
        closed.append(draft(rolling, FIRST.plus(number)))
        rolling = rolling.after(closed[-1])
    at_once = list(drafts(book(*held, hours=hours), FIRST, FIRST.plus(len(closed) - 1)))
    counted = sum(requests for hour, requests in hours.items() if held[0].since < hour + timedelta(hours=1))
    for statements in (closed, at_once):
        lines = [line for each in statements for line in each.lines if line.kind is not LineKind.PLAN]
        assert sum(line.requests for line in lines) == counted
    assert sum(each.subtotal for each in closed) == sum(each.subtotal for each in at_once)


@quick
@given(histories, usages, credits_)
def test_credits_are_used_once_and_only_for_months_that_end_before_they_expire(
    held: tuple[Terms, ...], hours: dict[datetime, int], left: tuple[Credit, ...]
) -> None:
    used: Counter[UUID] = Counter()
    granted = {each.id: each for each in left}
    for statement in drafts(book(*held, hours=hours, credits=left), FIRST, LAST):
        for applied in statement.credits:
            used[applied.credit_id] += applied.amount
            expires_at = granted[applied.credit_id].expires_at
            assert expires_at is None or expires_at >= statement.month.end
        good = [each for each in left if each.expires_at is None or each.expires_at >= statement.month.end]
        if statement.total > 0:
            assert all(used[each.id] == each.amount for each in good), "nothing is owed while there is credit"
    assert all(used[each.id] <= each.amount for each in left)


def _months_between(first: Month, last: Month) -> int:
    return (last.year - first.year) * 12 + last.number - first.number


def test_a_month_of_two_plans_is_shared_by_time() -> None:
    held = (terms(FIRST.start, 3_100, 310), terms(FIRST.start + timedelta(days=10), 6_200, 620, 7, 10))
    hours = {FIRST.start: 150, FIRST.start + timedelta(days=20): 500}
    statement = draft(book(*held, hours=hours), FIRST)
    assert [(line.kind, line.amount, line.allowance, line.overage) for line in statement.lines] == [
        (LineKind.PLAN, 1_000, 0, 0),
        (LineKind.PLAN, 4_200, 0, 0),
        (LineKind.USAGE, 0, 100, 50),
        (LineKind.USAGE, 7 * 80 // 10, 420, 80),
    ]


def test_what_expires_first_is_used_first() -> None:
    left = (
        credit(1, 40),
        credit(2, 40, FIRST.end + timedelta(days=9)),
        credit(3, 40, FIRST.end),
        credit(4, 40, FIRST.end - timedelta(microseconds=1)),
    )
    (statement,) = drafts(book(terms(FIRST.start, 100), credits=left), FIRST, FIRST)
    assert [(each.credit_id.int, each.amount) for each in statement.credits] == [(3, 40), (2, 40), (1, 20)]
    assert statement.total == 0


def test_late_usage_is_charged_as_if_it_had_come_in_time() -> None:
    held = terms(FIRST.start, included=100, amount=3, unit=2)
    first = draft(book(held, hours={FIRST.start: 90}), FIRST)
    later = book(held, hours={FIRST.start: 115}).after(first)
    (late,) = of_kind(draft(later, FIRST.plus(1)), LineKind.LATE_USAGE)
    assert (late.month, late.requests, late.overage, late.amount) == (FIRST, 25, 15, 22)


def test_what_comes_too_late_is_billed_never() -> None:
    rolling = book(terms(FIRST.start, amount=1))
    for number in range(LATE + 1):
        rolling = rolling.after(draft(rolling, FIRST.plus(number)))
    rolling = replace(rolling, hours={FIRST.start: 5, FIRST.end: 7})
    (late,) = of_kind(draft(rolling, FIRST.plus(LATE + 1)), LineKind.LATE_USAGE)
    assert (late.month, late.requests) == (FIRST.plus(1), 7)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-1", "1999-12", "2026-01-01", "x"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_month("month", text)


def test_months_go_on_over_the_years_end() -> None:
    december = parse_month("month", "2026-12")
    assert (str(december.plus(1)), str(december.plus(-12)), december.end) == (
        "2027-01",
        "2025-12",
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert Month.of(datetime.fromisoformat("2027-01-01T00:30:00+01:00")) == december


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"included": 11}, "included"),
        ({"included": -1}, "included"),
        ({"overage": Overage(1, 0)}, "overage.unit"),
        ({"quota": 1_000_000_000, "overage": Overage(2**31 - 1, 1)}, "overagePrice"),
    ],
)
def test_a_plan_that_could_not_be_billed_is_refused(changed: dict[str, object], field: str) -> None:
    plan = Plan(
        name="p",
        title="P",
        price=Price(1, "EUR"),
        rate=1,
        burst=1,
        quota=10,
        included=10,
        overage=Overage(1, 1),
        concurrency=1,
        keys=1,
        members=1,
        routes=1,
    )
    check_plan(plan)
    with pytest.raises(InvalidInputError) as caught:
        check_plan(replace(plan, **changed))
    assert caught.value.field == field
