"""Guarantee 12 of jobs' README: what a claim costs, in entries of the index that it reads, whatever waits and whoever is slow."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.database import Database
from subgraphs.jobs.store.claiming import PLANS, Succeeded
from subgraphs.jobs.worker.exchange import Taker, tell
from subgraphs.jobs.worker.hand import Told
from tests.integration.jobs import kinds

BATCH = 50
READ = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'job_ready'"


class Meter:
    """A worker's claims through a connection of its own, which counts what it reads."""

    def __init__(self, database: Database, worker: Any) -> None:
        self._database = database
        self._worker = worker
        self._taker = Taker(worker.id, ("default",), list(kinds.jobs.kinds))

    async def claim(self, now: float = 0.0) -> int:
        """Take a batch, which is done at once; how many entries that read."""
        before = await self._entries()
        async with self._database.transaction(opening=PLANS) as transaction:
            jobs = await self._taker.take(transaction, BATCH, now)
            assert len(jobs) == BATCH
            done = Told([Succeeded(job.id, job.attempt, None) for job in jobs], [], {})
            await tell(transaction, self._worker.id, done)
        return await self._entries() - before

    async def _entries(self) -> int:
        async with self._database.transaction() as transaction:
            await transaction.execute("SELECT pg_stat_force_next_flush()")
        async with self._database.transaction() as transaction:
            return int((await transaction.execute(READ)).scalar_one())


@pytest.fixture
async def meter(desk: Any, database_url: str) -> AsyncIterator[Meter]:
    database = Database.open(database_url, schema="jobs", pool_size=1)
    yield Meter(database, desk.worker())
    await database.close()


async def add(desk: Any, count: int) -> None:
    for _ in range(count // 1_000):
        await desk.add(*(kinds.noop().with_options(tenant=f"t{n % 10}") for n in range(1_000)))


async def test_it_does_not_grow_with_what_waits(desk: Any, meter: Meter) -> None:
    await add(desk, 1_000)
    few = await meter.claim(now=0.0)
    await add(desk, 9_000)
    assert await meter.claim(now=60.0) <= few + BATCH


async def test_it_does_not_grow_while_a_transaction_is_open(desk: Any, meter: Meter) -> None:
    await add(desk, 3_000)
    async with desk.database.transaction() as old:
        await old.execute("SELECT pg_current_xact_id()")  # what is claimed from now on stays in the index
        read = [await meter.claim() for _ in range(50)]
        looked = await meter.claim(now=60.0)
    assert max(read) <= 3 * BATCH
    assert looked > 50 * BATCH, "it was not there to be passed over"
