"""No-op jobs by Hansa, with everything on: ten tenants, fair shares, leases, fencing, results."""

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from common.database import Database, migrate
from common.jobs import Jobs, Run, WorkerOptions
from subgraphs.jobs.service.adding import add_jobs
from subgraphs.jobs.worker import Leader, Worker
from tests.benchmarks.jobs.peers.telling import tell, wait

MIGRATIONS = Path(__file__).parents[3] / "subgraphs/jobs/migrations"
BATCH = 1_000
jobs: Jobs[None] = Jobs("bench")
begun = 0


@jobs.job()
async def noop(_run: Run[None]) -> None:
    """Count itself in this process: to ask the database would be part of the figures."""
    global begun  # noqa: PLW0603 - one process, one thread
    begun += 1


async def add(database: Database, count: int) -> None:
    """Ask for `count` jobs of ten tenants."""
    for _ in range(count // BATCH):
        async with database.transaction() as transaction:
            await add_jobs(transaction, [noop().with_options(tenant=f"t{n % 10}") for n in range(BATCH)])


async def main(url: str, count: int, least: int) -> None:
    """Ask for `count` jobs and run at least `least` of them."""
    await migrate(url, schema="jobs", scripts=MIGRATIONS)
    database = Database.open(url, schema="jobs")
    began = time.process_time()
    await add(database, count)
    tell(enqueue=time.process_time() - began)
    wait()
    leading = asyncio.create_task(Leader(database, asyncio.Event()).run())
    stop, options = asyncio.Event(), WorkerOptions(concurrency=100)
    began, clock = time.process_time(), time.perf_counter()
    working = asyncio.create_task(Worker(database, jobs.kinds, {noop.name: None}, options).run(stop))
    while begun < least:  # noqa: ASYNC110 - a count sets no event
        await asyncio.sleep(0.01)
    stop.set()
    await working  # which tells how the last ones ended
    tell(work=time.process_time() - began, seconds=time.perf_counter() - clock, run=begun)
    wait()
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)
    await database.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
