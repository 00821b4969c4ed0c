"""limits.lua decides as the model does: every number of every answer, whatever is asked and however the clock goes."""

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from subgraphs.ratelimit.domain.calendar import CalendarUnit
from subgraphs.ratelimit.domain.model import STALE, Decision, Mode, Model
from subgraphs.ratelimit.domain.rules import Algorithm, Rule, check_rule

START = 1_790_000_000_000_000
SECOND = 1_000_000

# Seconds and not less, so that no state is so short-lived that the server forgets it while the test stands still.
amounts = st.integers(1, 12)
periods = st.sampled_from([7, 60, 90, 3_600, 86_400])
BUCKETS = st.builds(
    Rule, algorithm=st.just(Algorithm.TOKEN_BUCKET), limit=amounts, period=periods, burst=amounts
)
WINDOWS = st.builds(
    Rule,
    algorithm=st.just(Algorithm.FIXED_WINDOW),
    limit=amounts,
    calendar=st.sampled_from(CalendarUnit),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
SLOTS = st.builds(Rule, algorithm=st.just(Algorithm.CONCURRENCY), limit=amounts)
COUNTS = [
    st.builds(Rule, algorithm=st.just(algorithm), limit=amounts, period=periods)
    for algorithm in (Algorithm.FIXED_WINDOW, Algorithm.SLIDING_LOG, Algorithm.SLIDING_COUNTER)
]
TWO_SLOTS = Rule(algorithm=Algorithm.CONCURRENCY, limit=2)
RULES = st.one_of(BUCKETS, WINDOWS, SLOTS, *COUNTS)
CHANGES = st.sampled_from([BUCKETS, WINDOWS, SLOTS, *COUNTS]).flatmap(lambda rules: st.tuples(rules, rules))
STEPS = st.tuples(
    st.sampled_from([0, 1, 3, 7, 60, 90, 4_000, 90_000, -1, -5_000]),
    st.sampled_from(Mode),
    st.sets(st.integers(0, 2), min_size=1),
    st.integers(1, 14),
    st.integers(0, 3),
    st.sampled_from([5, 100]),
)


class Asking:
    """Turns steps into decisions about three limits, the last of which is a shadow; settles what it reserved."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = [check_rule(rule) for rule in rules]
        self.prefix = uuid.uuid4().hex
        self.held: list[Decision] = []

    def decision(self, step: tuple[Any, ...], now: int) -> Decision:
        _, mode, places, cost, which, ttl = step
        calls = [
            self.rules[i].call(f"{self.prefix}:{i}", cost, shadow=i == 2, now=now) for i in sorted(places)
        ]
        if mode == Mode.TAKE and all(call.shadow for call in calls):
            mode = Mode.CHECK
        record = {"record_key": f"{self.prefix}:r", "record": "x", "record_ttl": 1_000}
        if mode == Mode.RESERVE:
            self.held.append(Decision(mode, calls, uuid.uuid4().hex, ttl * SECOND, **record))
            return self.held[-1]
        if mode == Mode.SETTLE and self.held:
            made = self.held[which % len(self.held)]
            return Decision(mode, made.calls, made.id, cost - 1, **record)
        return Decision(Mode.PEEK if mode == Mode.SETTLE else mode, calls)


settled = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
three_rules = st.lists(RULES, min_size=3, max_size=3)


@settled
@given(three_rules, st.lists(STEPS, min_size=1, max_size=25))
def test_each_answer_is_the_models(functions: Any, rules: list[Rule], steps: list[Any]) -> None:
    asking, model, now = Asking(rules), Model(), START
    for step in steps:
        now += step[0] * SECOND
        asked = asking.decision(step, now)
        assert functions.decide(now, [asked]) == model.decide(now, [asked]), asked


@settled
@given(three_rules, st.lists(st.lists(STEPS, min_size=1, max_size=8), min_size=1, max_size=4))
@example(
    [TWO_SLOTS] * 3,
    [[(0, Mode.RESERVE, {1}, 1, 0, 5), (0, Mode.RESERVE, {1}, 1, 0, 100), (0, Mode.SETTLE, {1}, 1, 1, 5)]],
)
def test_a_batch_is_its_decisions_one_after_the_other(
    functions: Any, rules: list[Rule], batches: list[list[Any]]
) -> None:
    asking, model, now = Asking(rules), Model(), START
    for steps in batches:
        now += steps[0][0] * SECOND
        asked = [asking.decision(step, now) for step in steps]
        assert functions.decide(now, asked) == model.decide(now, asked), asked


@settled
@given(CHANGES, st.lists(STEPS, min_size=2, max_size=12), st.integers(1, 6))
def test_a_policy_that_changes_is_the_models(
    functions: Any, rules: tuple[Rule, Rule], steps: list[Any], change: int
) -> None:
    rule, other = rules
    asking, model, now = Asking([rule] * 3), Model(), START
    for number, step in enumerate(steps):
        if number == change:
            asking.rules = [other] * 3
        now += step[0] * SECOND
        asked = asking.decision(step, now)
        assert functions.decide(now, [asked]) == model.decide(now, [asked]), asked


@settled
@given(RULES, st.lists(STEPS, min_size=1, max_size=10))
def test_a_state_outlives_its_meaning(functions: Any, rule: Rule, steps: list[Any]) -> None:
    """Guarantee 5."""
    asking, now = Asking([rule] * 3), START
    for step in steps:
        now += abs(step[0]) * SECOND
        asked = asking.decision(step, now)
        answer = functions.decide(now, [asked])[0]
        if answer.verdict == STALE:  # a hold whose calendar windows are long past
            continue
        for call, standing in zip(asked.calls, answer.standings, strict=True):
            left = functions.redis.pttl(call.key)
            changed = asked.mode != Mode.PEEK and answer.verdict == 0
            if changed and standing.reset and call.shadow == 0:
                assert left * 1_000 >= standing.reset
            holds = functions.redis.pttl(f"{call.key}:h")
            if standing.held:
                assert holds > 0


def test_time_is_the_servers(functions: Any) -> None:
    """Guarantee 8."""
    call = Rule(algorithm=Algorithm.SLIDING_LOG, limit=1, period=60).call(uuid.uuid4().hex, 1)
    seconds, microseconds = functions.redis.time()
    functions.decide(0, [Decision(Mode.CHECK, [call])])
    standing = functions.decide(seconds * SECOND + microseconds, [Decision(Mode.PEEK, [call])])[0].standings[
        0
    ]
    assert 60 * SECOND <= standing.wait < 70 * SECOND


@settled
@given(
    st.one_of(*COUNTS, BUCKETS), st.lists(st.sampled_from([-90_000, -5_000, -1, 4_000, 90_000]), max_size=4)
)
def test_a_clock_that_jumps_grants_a_capacity_each_time(functions: Any, rule: Rule, jumps: list[int]) -> None:
    """Guarantee 8."""
    call, now, granted = check_rule(rule).call(uuid.uuid4().hex, 1), START, 0
    asked = [Decision(Mode.CHECK, [call])] * (rule.capacity + 1)
    for jump in (0, *jumps):
        now += jump * SECOND
        granted += sum(answer.verdict == 0 for answer in functions.decide(now, asked))
    assert granted <= rule.capacity * (1 + len(jumps))
    back = [jump for jump in jumps if jump < 0]
    if len(back) == len(jumps) and rule.algorithm in {Algorithm.TOKEN_BUCKET, Algorithm.SLIDING_LOG}:
        assert granted == rule.capacity, "one that is set back grants nothing"


@pytest.mark.parametrize(
    "rule",
    [
        Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=7, period=60, burst=3),
        Rule(algorithm=Algorithm.FIXED_WINDOW, limit=3, period=60),
        Rule(algorithm=Algorithm.SLIDING_LOG, limit=3, period=60),
        Rule(algorithm=Algorithm.SLIDING_COUNTER, limit=3, period=60),
    ],
    ids=lambda rule: rule.algorithm,
)
def test_it_admits_after_the_wait_and_not_a_microsecond_before(functions: Any, rule: Rule) -> None:
    """Guarantee 4."""
    key = uuid.uuid4().hex
    full, one = rule.call(key, 3), rule.call(key, 1)
    assert functions.decide(START, [Decision(Mode.CHECK, [full])])[0].verdict == 0
    wait = functions.decide(START, [Decision(Mode.CHECK, [one])])[0].standings[0].wait
    assert functions.decide(START + wait - 1, [Decision(Mode.CHECK, [one])])[0].verdict == 1
    assert functions.decide(START + wait, [Decision(Mode.CHECK, [one])])[0].verdict == 0
