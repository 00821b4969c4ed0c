"""Work ends with its client, and with nothing else."""

import asyncio
from typing import Any

import pytest

from gateway.server.http.body import ClientDisconnected
from gateway.server.http.disconnection import while_connected


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


async def test_work_is_cancelled_when_the_client_goes() -> None:
    work = Work()
    with pytest.raises(ClientDisconnected):
        await while_connected(leaving, work.run())
    assert work.ended == "cancelled"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize("receive", [staying, talking])
async def test_work_is_done_while_the_client_stays(receive: Any) -> None:
    work = Work()
    asyncio.get_running_loop().call_later(0.01, work.release.set)
    assert await while_connected(receive, work.run()) == "result"


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    work = Work()
    task = asyncio.create_task(while_connected(staying, work.run()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended == "cancelled"


async def test_an_error_of_the_work_is_the_callers() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await while_connected(staying, fail())


async def test_nothing_watches_afterwards() -> None:
    before = asyncio.all_tasks()
    work = Work()
    work.release.set()
    await while_connected(staying, work.run())
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
