"""Work ends with its time or its client, and with nothing else."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.server.errors import RequestError
from gateway.server.http.body import ClientDisconnected
from gateway.server.http.interruption import Interruption

LATER = 30.0


async def staying() -> Any:
    await asyncio.Event().wait()


async def leaving() -> Any:
    return {"type": "http.disconnect"}


async def talking() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


class Work:
    """Waits to be released; `ended` says how it came to its end."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.ended = ""

    async def run(self) -> str:
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "done"
        return "result"


async def while_connected(receive: Callable[[], Awaitable[Any]], work: Awaitable[str]) -> str:
    with Interruption(LATER) as interruption:
        interruption.watch(receive)
        return await work


def assert_not_cancelling() -> None:
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_work_is_cancelled_when_the_client_goes() -> None:
    work = Work()
    with pytest.raises(ClientDisconnected):
        await while_connected(leaving, work.run())
    assert work.ended == "cancelled"
    assert_not_cancelling()


@pytest.mark.parametrize("receive", [staying, talking])
async def test_work_is_done_while_the_client_stays(receive: Any) -> None:
    work = Work()
    asyncio.get_running_loop().call_later(0.2, work.release.set)
    assert await while_connected(receive, work.run()) == "result"


async def test_a_client_that_goes_while_the_work_has_not_begun_is_found_out() -> None:
    work = Work()
    with pytest.raises(ClientDisconnected), Interruption(LATER) as interruption:  # noqa: PT012 - two phases
        await asyncio.sleep(0.25)
        interruption.watch(leaving)
        await work.run()
    assert work.ended == "cancelled"


async def test_work_is_cancelled_when_its_time_is_over() -> None:
    work = Work()
    with pytest.raises(RequestError) as raised, Interruption(0.15):
        await work.run()
    assert raised.value.status == 504
    assert work.ended == "cancelled"
    assert_not_cancelling()


async def test_what_the_client_waits_for_is_not_cut_off_at_the_deadline() -> None:
    with Interruption(0.01) as interruption:
        interruption.watch(staying)
        await asyncio.sleep(0.05)


async def test_what_has_begun_is_not_cut_off_at_the_deadline() -> None:
    with Interruption(0.01) as interruption:
        interruption.hold_off()
        await asyncio.sleep(0.05)


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    work = Work()
    task = asyncio.create_task(while_connected(staying, work.run()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended == "cancelled"


async def test_a_cancellation_from_elsewhere_at_the_same_time_goes_on() -> None:
    async def work() -> None:
        async with asyncio.timeout(0.05):
            with Interruption(0.05):
                await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await work()


async def test_an_error_of_the_work_is_the_callers() -> None:
    async def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await while_connected(staying, fail())


async def test_nothing_watches_afterwards() -> None:
    before = asyncio.all_tasks()
    work = Work()
    asyncio.get_running_loop().call_later(0.15, work.release.set)
    await while_connected(staying, work.run())
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_nothing_of_it_is_left_to_the_collector_of_cycles() -> None:
    interruption = Interruption(LATER)
    with interruption:
        interruption.watch(staying)
        await asyncio.sleep(0.15)
    left = weakref.ref(interruption)
    del interruption
    await asyncio.sleep(0)
    assert left() is None
