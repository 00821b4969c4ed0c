import gc
import resource
import weakref
from collections.abc import Iterator

import pytest

from gateway.server.process import settle


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    before = gc.get_threshold()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files[0], 1024), files[1]))
    settle()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
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
