"""Cancellation that a library swallows, told again.

`asyncio.wait_for` before Python 3.12 returns normally when what it waits for is done in the moment of the cancellation
(CPython issue 86296), and a library may catch CancelledError for reasons of its own. The task then goes on, and who
waits for its end waits for ever.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeding_cancellation() -> Iterator[None]:
    """Raise CancelledError at the end of the block if its task was cancelled inside, whatever became of that.

    One that asked for it before the block, and is being heeded by a clean-up, does not count.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        yield
    except Exception as error:
        if task.cancelling() > before:
            raise asyncio.CancelledError from error
        raise
    if task.cancelling() > before:
        raise asyncio.CancelledError
