"""Stride scheduling: shares by weight, nothing wasted, nothing saved up."""

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.jobs.domain.scheduling import WEIGHTS, Strides

LANES = [("q", class_) for class_ in range(4)]
lanes = st.sets(st.sampled_from(LANES)).map(sorted)


@given(st.lists(st.tuples(lanes, st.integers(0, 40)), max_size=8))
def test_all_places_are_given_to_lanes_that_have_jobs(
    rounds: list[tuple[list[tuple[str, int]], int]],
) -> None:
    strides = Strides()
    for given_lanes, places in rounds:
        allotted = strides.allot(given_lanes, places)
        assert list(allotted) == given_lanes
        assert sum(allotted.values()) == (places if given_lanes else 0)


@given(st.integers(1, 60), st.integers(20, 60))
def test_each_class_gets_its_share_within_one_place(size: int, rounds: int) -> None:
    strides = Strides()
    totals = dict.fromkeys(LANES, 0)
    for _ in range(rounds):
        for lane, count in strides.allot(LANES, size).items():
            totals[lane] += count
    for lane, total in totals.items():
        assert abs(total - size * rounds * WEIGHTS[lane[1]] / 15) <= 2


def test_a_class_that_comes_back_has_saved_nothing_up() -> None:
    strides = Strides()
    for _ in range(100):
        strides.allot([("q", 0)], 10)
    allotted = strides.allot([("q", 0), ("q", 3)], 90)
    assert 9 <= allotted["q", 3] <= 12
