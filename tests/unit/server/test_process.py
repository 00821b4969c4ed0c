import gc
import resource
import sys
import weakref
from collections.abc import Iterator

import pytest

from gateway.server.process import building, settle


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    before, turn = gc.get_threshold(), sys.getswitchinterval()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files[0], 1024), files[1]))
    settle()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    sys.setswitchinterval(turn)
    resource.setrlimit(resource.RLIMIT_NOFILE, files)


def test_what_exists_at_the_start_is_not_looked_through_again() -> None:
    assert gc.get_freeze_count() > 0


def test_cycles_that_are_made_later_are_still_freed() -> None:
    cycle = weakref.ref(Cycle())
    kept = [[] for _ in range(25_000)]
    assert len(kept) == 25_000
    assert cycle() is None


def test_there_may_be_as_many_connections_as_the_system_lets() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard or soft >= 65_536


def test_what_is_built_for_good_is_not_looked_through() -> None:
    settle()
    before = gc.get_freeze_count()
    with building():
        assert not gc.isenabled()
        built = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + 1000
    assert len(built) == 1000


def test_what_was_for_good_and_is_not_any_more_is_collected() -> None:
    cycle = Cycle()
    known = weakref.ref(cycle)
    settle()
    del cycle
    assert known() is not None
    settle()
    assert known() is None
