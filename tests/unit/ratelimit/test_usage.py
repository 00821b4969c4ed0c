"""What is counted of decisions in memory, which stays bounded."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from common.ids import new_id
from subgraphs.ratelimit.domain import usage
from subgraphs.ratelimit.domain.heavy_hitters import HeavyHitters
from subgraphs.ratelimit.domain.matching import Limit, PolicySet
from subgraphs.ratelimit.domain.policies import FailMode, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.domain.usage import HOUR, MINUTE, Tally

SIZE = 4


@given(taken=st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.integers(1, 20)), max_size=200))
def test_a_sum_is_too_small_by_less_than_its_part_of_all(taken: list[tuple[str, int]]) -> None:
    hitters, exact = HeavyHitters(SIZE), Counter[str]()
    for identity, amount in taken:
        hitters.add(identity, amount)
        exact[identity] += amount
    found = dict(hitters.top(100))
    assert len(found) <= 2 * SIZE
    for identity, total in exact.items():
        assert total - exact.total() / SIZE < found.get(identity, 0) <= total


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0 // HOUR * HOUR

    def __call__(self) -> float:
        return self.now


def limit_of(user: str, policy: Policy) -> Limit:
    (limit,) = PolicySet(["shop"], [policy], []).limits("shop", {"user": user}).each
    return limit


def make_policy() -> Policy:
    return Policy(
        id=new_id(),
        namespace="shop",
        name="per-user",
        by=("user",),
        when={},
        rule=Rule(algorithm=Algorithm.SLIDING_LOG, limit=5, period=60),
        fail_mode=FailMode.LOCAL,
        is_shadow=False,
        priority=0,
        version=1,
    )


def test_counts_are_kept_until_they_are_told_and_not_for_ever() -> None:
    clock, policy = Clock(), make_policy()
    tally, limit = Tally(clock), limit_of("ada", policy)
    tally.admit(limit, 3)
    clock.now += MINUTE
    tally.admit(limit, 1)
    assert tally.forget() == 0
    first, second = tally.changed().values()
    assert (first.allowed, first.tokens, second.tokens) == (1, 3, 1)
    first.written = first.decisions
    assert tally.forget() == 0
    assert list(tally.counts.values()) == [second]
    clock.now += HOUR + 2 * MINUTE
    assert tally.forget() == 1
    assert not tally.counts
    assert not tally.consumers


def test_a_sample_has_each_identity_once_and_room_for_so_many() -> None:
    tally, policy = Tally(Clock()), make_policy()
    for _ in range(3):
        tally.deny(limit_of("ada", policy), 1, 7)
    for i in range(usage.MAX_SAMPLE + 20):
        tally.deny(limit_of(f"user-{i}", policy), 1, 7)
    sample = tally.sample()
    assert len(sample) == usage.MAX_SAMPLE
    assert (sample[0].identity, sample[0].times, sample[0].wait) == ("ada", 3, 7)
    assert tally.sample() == []
    assert next(iter(tally.counts.values())).denied == usage.MAX_SAMPLE + 23
