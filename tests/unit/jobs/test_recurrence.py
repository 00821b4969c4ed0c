"""Guarantee 11 of jobs' README: ticks over the hours that clocks skip and repeat, and which of the missed ones are run."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.inputs import InvalidInputError
from subgraphs.jobs.domain.recurring import MAX_CAUGHT_UP, CatchUp, check_schedule, due_ticks, ticks

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        # spring: 02:00 becomes 03:00 on 29 March 2026 at 01:00 UTC
        ("30 2 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("0 3 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T01:00"]),
        ("*/30 * * * *", "2026-03-29T00:10", ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"]),
        # autumn: 03:00 becomes 02:00 on 25 October 2026 at 01:00 UTC
        ("30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("0 * * * *", "2026-10-24T23:30", ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"]),
        ("0 12 * * *", "2026-10-24T12:00", ["2026-10-25T11:00", "2026-10-26T11:00"]),
    ],
)
def test_ticks_where_clocks_are_changed(cron: str, after: str, expected: list[str]) -> None:
    assert list(islice(ticks(cron, BERLIN, utc(after)), len(expected))) == [utc(text) for text in expected]


crons = st.sampled_from(
    ["* * * * *", "*/7 * * * *", "15 2 * * *", "0 */3 * * *", "30 4 1 * *", "*/10 * * * * *"]
)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(crons, st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]), moments)
def test_ticks_ascend(cron: str, zone: str, after: datetime) -> None:
    found = [after, *islice(ticks(cron, zone, after), 5)]
    assert found == sorted(set(found))


@given(crons, st.sampled_from(list(CatchUp)), moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_what_comes_next_is_behind_what_was_run(
    cron: str, catch_up: CatchUp, start: datetime, missed: timedelta
) -> None:
    first = next(ticks(cron, BERLIN, start))
    now = first + missed
    run, coming = due_ticks(cron, BERLIN, first=first, now=now, catch_up=catch_up)
    assert all(first <= tick <= now for tick in run)
    assert coming > (run[-1] if catch_up is CatchUp.ALL else now)
    if catch_up is CatchUp.LAST:
        assert len(run) == 1
    if now - first < timedelta(minutes=1):
        assert run


def test_all_missed_ticks_are_run_in_parts() -> None:
    first, now = utc("2026-01-01T00:00"), utc("2026-01-01T03:00")
    run, coming = due_ticks("* * * * *", "UTC", first=first, now=now, catch_up=CatchUp.ALL)
    assert len(run) == MAX_CAUGHT_UP
    rest, coming = due_ticks("* * * * *", "UTC", first=coming, now=now, catch_up=CatchUp.ALL)
    assert len(run) + len(rest) == 181
    assert coming == utc("2026-01-01T03:01")


def test_one_that_is_skipped_runs_none_of_the_old_ticks() -> None:
    run, coming = due_ticks(
        "0 * * * *", "UTC", first=utc("2026-01-01T00:00"), now=utc("2026-01-01T05:30"), catch_up=CatchUp.SKIP
    )
    assert (run, coming) == ([], utc("2026-01-01T06:00"))


@pytest.mark.parametrize(
    ("cron", "zone", "field"),
    [
        ("whale", "UTC", "cron"),
        ("* * * *", "UTC", "cron"),
        ("0 0 30 2 *", "UTC", "cron"),
        ("\0 * * * *", "UTC", "cron"),
        ("* * * * *", "Mars/Olympus", "timezone"),
        ("* * * * *", "../etc/passwd", "timezone"),
        ("* * * * *", "", "timezone"),
    ],
)
def test_what_is_no_schedule_is_refused_by_name(cron: str, zone: str, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_schedule(cron, zone)
    assert refused.value.field == field
