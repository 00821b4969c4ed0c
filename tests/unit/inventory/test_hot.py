"""When an item is hot, and how it is split: guarantee 17 of inventory's README."""

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.inventory.domain.hot import FEWEST, THRESHOLD, WINDOW, Waits, shares


def noted(count: int, slow: int, at: float = 0.0) -> Waits:
    waits = Waits()
    for number in range(count):
        waits.note("MUG", 2 * THRESHOLD if number < slow else 0.0, at)
    return waits


def test_an_item_is_hot_when_one_buyer_in_twenty_waits_long() -> None:
    assert noted(100, 6).hot(0.0) == ["MUG"]
    assert noted(100, 5).hot(0.0) == []


def test_a_few_buyers_say_nothing_and_old_ones_are_forgotten() -> None:
    assert noted(FEWEST - 1, FEWEST - 1).hot(0.0) == []
    assert noted(100, 100, at=5.0).hot(5.0 + WINDOW) == ["MUG"]
    assert noted(100, 100, at=5.0).hot(5.1 + WINDOW) == []


def test_it_is_bounded() -> None:
    waits = Waits()
    for number in range(3000):
        waits.note(f"SKU-{number}", 1.0, 0.0)
    for _ in range(3000):
        waits.note("SKU-1", 1.0, 0.0)
    assert waits.hot(0.0) == ["SKU-1"]
    assert len(waits._samples) == 1000


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_shares_are_even_and_lose_nothing(pieces: int, parts: int) -> None:
    found = shares(pieces, parts)
    assert (sum(found), len(found)) == (pieces, parts)
    assert max(found) - min(found) <= 1
