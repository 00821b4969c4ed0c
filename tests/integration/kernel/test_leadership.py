import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from common.database import Database, DatabaseUnavailableError
from common.leadership import Leadership, Turn
from common.leases import Lease, Leases, fence

TTL = timedelta(milliseconds=600)


@asynccontextmanager
async def leading(database: Database, turn: Turn) -> AsyncIterator[None]:
    leadership = Leadership(database, "work", ttl=TTL, retry_interval=0.02)
    task = asyncio.create_task(leadership.run(turn))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_of_several_one_works_and_keeps_the_lease_for_longer_than_its_time(
    kernel_database: Database,
) -> None:
    leaders: set[str] = set()
    led = asyncio.Event()

    def turn_of(name: str) -> Turn:
        async def turn(lease: Lease) -> None:
            async with kernel_database.transaction() as transaction:
                await fence(transaction, lease)
            leaders.add(name)
            led.set()
            await asyncio.sleep(0.02)

        return turn

    async with asyncio.timeout(20), leading(kernel_database, turn_of("a")):
        await led.wait()
        async with leading(kernel_database, turn_of("b")):
            await asyncio.sleep(3 * TTL.total_seconds())
    assert leaders == {"a"}


async def test_who_stops_lets_the_next_one_lead_at_once(kernel_database: Database) -> None:
    async def turn(_: Lease) -> None:
        started.set()
        await asyncio.sleep(0.01)

    for _ in range(2):
        started = asyncio.Event()
        async with asyncio.timeout(20), leading(kernel_database, turn):
            await started.wait()
    assert await Leases(kernel_database).acquire("work", "another", TTL) is not None


async def test_failures_of_the_database_and_defects_are_waited_out_and_the_former_told_once(
    kernel_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = [DatabaseUnavailableError("away"), DatabaseUnavailableError("away"), ValueError("defect")]
    worked = asyncio.Event()

    async def turn(_: Lease) -> None:
        if outcomes:
            raise outcomes.pop(0)
        worked.set()
        await asyncio.sleep(0.01)

    async with asyncio.timeout(20), leading(kernel_database, turn):
        await worked.wait()
    told = [record.getMessage() for record in caplog.records if record.name == "common.leadership"]
    assert told == ["work of kernel waits: away", "work of kernel cannot go on and tries again"]
