"""A timer that is set for one exchange after the other calls back for the one that is late, and for no other."""

import asyncio

from common.http.wire import Timer

SOON, LONG = 0.01, 30.0


async def test_it_calls_back_once_what_it_was_set_to_last() -> None:
    timer, called = Timer(), asyncio.Queue[str]()
    timer.set(LONG, lambda: called.put_nowait("first"))
    timer.set(SOON, lambda: called.put_nowait("second"))
    async with asyncio.timeout(5):
        assert await called.get() == "second"
    await asyncio.sleep(2 * SOON)
    assert called.empty()
    timer.close()


async def test_a_deadline_that_moves_on_is_looked_at_again() -> None:
    timer, called = Timer(), asyncio.Queue[str]()
    timer.set(SOON, lambda: called.put_nowait("early"))
    timer.set(3 * SOON, lambda: called.put_nowait("late"))
    async with asyncio.timeout(5):
        assert await called.get() == "late"
    timer.close()


async def test_what_is_cleared_or_closed_is_not_called() -> None:
    timer, called = Timer(), asyncio.Queue[str]()
    timer.set(SOON, lambda: called.put_nowait("cleared"))
    timer.clear()
    other = Timer()
    other.set(SOON, lambda: called.put_nowait("closed"))
    other.close()
    await asyncio.sleep(3 * SOON)
    assert called.empty()
    timer.set(SOON, lambda: called.put_nowait("set again"))
    async with asyncio.timeout(5):
        assert await called.get() == "set again"
    timer.close()
