"""What a process is set to that serves requests: Python's collector of reference cycles, and its open files.

What a request makes is freed as soon as nothing refers to it; hardly anything in it is a cycle. By default the
collector looks through it for cycles all the same, after every 700 objects, and now and then through the whole
supergraph: two fifths of the time of a large answer.
"""

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 20_000
"""How many more containers there may be before the young ones are looked through: a few large answers' worth."""

_OPEN_FILES = 65_536


_TURN = 0.0005
"""Seconds after which a thread that computes makes room for the event loop, instead of Python's five thousandths."""


def begin() -> None:
    """The collector seldom looks while modules load, which make no garbage: a fifth of the time that they take."""
    gc.set_threshold(_OBJECTS, 10, 10)
    sys.setswitchinterval(_TURN)


@contextmanager
def building() -> Iterator[None]:
    """What is made meanwhile is for good: a large supergraph is not looked through, for a second, before `settle`."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle() -> None:
    """What exists now is for good and never looked through again, until this is called anew.

    For a process's entry, once it is ready, and when what was for good is not: another supergraph took its place.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    begin()
    _allow_connections()


def _allow_connections() -> None:
    """As many as the system lets: each is an open file, of which a process has 1,024 unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
