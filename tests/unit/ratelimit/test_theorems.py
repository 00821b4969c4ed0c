"""What the algorithms promise, of the model; limits.lua is compared with it in the integration tests.

The numbers are those of the guarantees in the README.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from subgraphs.ratelimit.domain.model import ALLOWED, LAPSED, NEVER, Answer, Decision, Mode, Model
from subgraphs.ratelimit.domain.rules import Algorithm, Rule, check_rule

START = 1_790_000_000_123_457
SECOND = 1_000_000

limits = st.integers(1, 30)
periods = st.sampled_from([1, 7, 60, 3_600])
BUCKETS = st.builds(
    Rule, algorithm=st.just(Algorithm.TOKEN_BUCKET), limit=st.integers(1, 5_000), period=periods, burst=limits
)


def of(algorithm: Algorithm) -> st.SearchStrategy[Rule]:
    return st.builds(Rule, algorithm=st.just(algorithm), limit=limits, period=periods)


RATES = BUCKETS | of(Algorithm.FIXED_WINDOW) | of(Algorithm.SLIDING_LOG) | of(Algorithm.SLIDING_COUNTER)
GAPS = st.one_of(st.integers(0, 2_000), st.integers(0, 2 * SECOND), st.integers(0, 90 * SECOND))
ARRIVALS = st.lists(st.tuples(GAPS, st.integers(1, 5)), min_size=1, max_size=60)


class Limited:
    """One key under a rule, and what it admitted when."""

    def __init__(self, rule: Rule) -> None:
        self.rule = check_rule(rule)
        self.model = Model()
        self.now = START
        self.admitted: list[tuple[int, int]] = []

    def ask(self, mode: Mode, cost: int = 1, **members: Any) -> Answer:
        return self.model.decide(self.now, [Decision(mode, [self.rule.call("k", cost)], **members)])[0]

    def check(self, cost: int = 1) -> bool:
        allowed = self.ask(Mode.CHECK, cost).verdict == ALLOWED
        if allowed:
            self.admitted.append((self.now, cost))
        return allowed

    def run(self, arrivals: Sequence[tuple[int, int]]) -> None:
        for gap, cost in arrivals:
            self.now += gap
            self.check(cost)

    def most_within(self, span: int) -> int:
        """The most tokens that were admitted within any half-open interval of `span` microseconds."""
        return max(
            (
                sum(cost for at, cost in self.admitted if start <= at < start + span)
                for start, _ in self.admitted
            ),
            default=0,
        )


@given(BUCKETS, ARRIVALS)
def test_1_a_bucket_admits_its_burst_and_its_rate_over_any_interval(
    rule: Rule, arrivals: list[tuple[int, int]]
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    for i, (start, _) in enumerate(limited.admitted):
        total = 0
        for at, cost in limited.admitted[i:]:
            total += cost
            assert total <= rule.burst + rule.limit * (at - start) // (rule.period * SECOND)


@given(of(Algorithm.SLIDING_LOG), ARRIVALS)
def test_2_a_log_admits_its_limit_in_any_window(rule: Rule, arrivals: list[tuple[int, int]]) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    assert limited.most_within(rule.period * SECOND) <= rule.limit


@given(of(Algorithm.FIXED_WINDOW), ARRIVALS)
def test_2_a_window_admits_its_limit_between_its_edges_and_twice_that_around_one(
    rule: Rule, arrivals: list[tuple[int, int]]
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    period = rule.period * SECOND
    for window in {at // period for at, _ in limited.admitted}:
        assert sum(cost for at, cost in limited.admitted if at // period == window) <= rule.limit
    assert limited.most_within(period) <= 2 * rule.limit


@given(of(Algorithm.SLIDING_COUNTER), ARRIVALS)
def test_2_a_counter_admits_less_than_twice_its_limit_and_its_limit_between_edges(
    rule: Rule, arrivals: list[tuple[int, int]]
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    period = rule.period * SECOND
    for window in {at // period for at, _ in limited.admitted}:
        assert sum(cost for at, cost in limited.admitted if at // period == window) <= rule.limit
    assert limited.most_within(period) < 2 * rule.limit or rule.limit == 1


@given(RATES, ARRIVALS, st.integers(1, 40), st.integers(1, 5))
def test_3_what_is_denied_changes_nothing(
    rule: Rule, arrivals: list[tuple[int, int]], cost: int, repeats: int
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    before = limited.ask(Mode.PEEK)
    for _ in range(repeats):
        assume(limited.ask(Mode.CHECK, cost).verdict != ALLOWED)
    assert limited.ask(Mode.PEEK) == before


@given(RATES, ARRIVALS, st.integers(1, 30))
def test_4_it_admits_after_the_wait_it_tells_and_not_a_microsecond_before(
    rule: Rule, arrivals: list[tuple[int, int]], cost: int
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    wait = limited.ask(Mode.PEEK, cost).standings[0].wait
    assert (wait == NEVER) == (cost > rule.capacity)
    if wait > 0:
        limited.now += wait - 1
        assert not limited.check(cost)
        limited.now += 1
    assert limited.check(cost) == (wait != NEVER)


@given(RATES, ARRIVALS)
def test_4_all_is_free_again_when_it_says_so(rule: Rule, arrivals: list[tuple[int, int]]) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    limited.now += limited.ask(Mode.PEEK).standings[0].reset
    assert limited.ask(Mode.PEEK).standings[0].remaining == rule.capacity


@given(st.lists(RATES, min_size=2, max_size=4), ARRIVALS)
def test_6_several_limits_are_all_taken_or_none(rules: list[Rule], arrivals: list[tuple[int, int]]) -> None:
    model, now = Model(), START
    for gap, cost in arrivals:
        now += gap
        calls = [rule.call(str(i), cost) for i, rule in enumerate(rules)]
        before = model.decide(now, [Decision(Mode.PEEK, calls)])[0].standings
        answer = model.decide(now, [Decision(Mode.CHECK, calls)])[0]
        taken = [was.remaining - is_.remaining for was, is_ in zip(before, answer.standings, strict=True)]
        assert set(taken) == {cost if answer.verdict == ALLOWED else 0}
        assert (answer.verdict == ALLOWED) == all(was.remaining >= cost for was in before)


@given(RATES, ARRIVALS, st.integers(1, 4_000))
def test_8_a_clock_that_goes_back_locks_nobody_out(
    rule: Rule, arrivals: list[tuple[int, int]], seconds_back: int
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    told = limited.ask(Mode.PEEK).standings[0].reset
    limited.now -= seconds_back * SECOND
    limited.check(rule.capacity + 1)
    period = rule.period * SECOND
    assert limited.ask(Mode.PEEK).standings[0].reset <= max(told, 0) + 2 * period
    limited.now += 2 * period + told
    assert limited.check()


@given(RATES, ARRIVALS, st.integers(1, 10_000_000))
def test_8_a_clock_that_jumps_ahead_grants_one_capacity(
    rule: Rule, arrivals: list[tuple[int, int]], seconds_ahead: int
) -> None:
    limited = Limited(rule)
    limited.run(arrivals)
    limited.now += seconds_ahead * SECOND
    limited.admitted.clear()
    for _ in range(3 * rule.capacity):
        limited.check()
    assert len(limited.admitted) <= rule.capacity


reservations = st.lists(
    st.tuples(
        GAPS, st.sampled_from([Mode.CHECK, Mode.RESERVE, Mode.SETTLE]), st.integers(1, 6), st.integers(0, 9)
    ),
    max_size=40,
)


@given(RATES | st.builds(Rule, algorithm=st.just(Algorithm.CONCURRENCY), limit=limits), reservations)
def test_9_what_is_held_and_what_is_used_never_exceed_the_limit(rule: Rule, steps: list[Any]) -> None:
    limited, made = Limited(rule), []
    for gap, mode, cost, which in steps:
        limited.now += gap
        if mode is Mode.SETTLE and made:
            id_, reserved = made[which % len(made)]
            settle = Decision(mode, [rule.call("k", reserved)], id_, min(cost, reserved))
            answer = limited.model.decide(limited.now, [settle])[0]
        elif mode is Mode.RESERVE:
            id_ = f"id{len(made)}"
            answer = limited.ask(mode, cost, id=id_, number=30 * SECOND)
            if answer.verdict == ALLOWED:
                made.append((id_, cost))
        else:
            answer = limited.ask(Mode.CHECK, cost)
        entry = limited.model._entries.get("k")
        if entry is not None:
            assert entry.free(rule.call("k", 1), limited.now) >= 0


@given(RATES | st.builds(Rule, algorithm=st.just(Algorithm.CONCURRENCY), limit=limits), st.integers(1, 30))
def test_9_a_hold_whose_holder_is_gone_is_free_after_its_time(rule: Rule, ttl: int) -> None:
    limited = Limited(rule)
    hold = {"id": "lost", "number": ttl * SECOND}
    assert limited.ask(Mode.RESERVE, rule.capacity, **hold).verdict == ALLOWED
    limited.now += ttl * SECOND - 1
    assert not limited.check()
    limited.now += 1
    assert limited.check(rule.capacity)
    assert limited.ask(Mode.SETTLE, rule.capacity, **hold).verdict == LAPSED


@given(
    st.data(),
    ARRIVALS,
    ARRIVALS,
    st.sampled_from([BUCKETS, of(Algorithm.SLIDING_LOG), of(Algorithm.FIXED_WINDOW)]),
)
def test_13_a_policy_that_changes_grants_no_more_than_the_larger(
    data: Any, before: list[tuple[int, int]], after: list[tuple[int, int]], rules: Any
) -> None:
    old, new = data.draw(rules), data.draw(rules)
    limited = Limited(old)
    limited.run(before)
    first = len(limited.admitted)
    limited.rule = new
    changed_at = limited.now
    for gap, cost in after:
        limited.now += min(gap, 500)  # so soon that nothing of any period passes
        limited.check(cost)
    recent = [cost for at, cost in limited.admitted[:first] if at == changed_at]
    granted = sum(cost for _, cost in limited.admitted[first:])
    passed = limited.now - changed_at
    refilled = new.limit * passed // (new.period * SECOND) if new.algorithm is Algorithm.TOKEN_BUCKET else 0
    edges = limited.now // (new.period * SECOND) != changed_at // (new.period * SECOND)
    assert sum(recent) + granted <= max(old.capacity, new.capacity) * (1 + edges) + refilled + 1


@pytest.mark.parametrize("limit", [1_000_001, 5_000_000, 1_000_000_000])
def test_large_rates_limit(limit: int) -> None:
    limited = Limited(Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=limit, period=1, burst=limit))
    assert limited.check(limit)
    assert not limited.check()
    limited.now += SECOND // 1_000
    assert limited.ask(Mode.PEEK).standings[0].remaining == limit // 1_000
