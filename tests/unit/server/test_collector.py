import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.server.collector import settle


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    before = gc.get_threshold()
    settle()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_exists_at_the_start_is_not_looked_through_again() -> None:
    assert gc.get_freeze_count() > 0


def test_cycles_that_are_made_later_are_still_freed() -> None:
    cycle = weakref.ref(Cycle())
    kept = [[] for _ in range(25_000)]
    assert len(kept) == 25_000
    assert cycle() is None
