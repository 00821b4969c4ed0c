"""How long jobs wait for their start at 200 a second, and how long a claim takes with a backlog, beside an old transaction too."""

import asyncio
import sys
import time
from statistics import quantiles

import uvloop

from common.database import Database, migrate
from common.ids import new_id
from common.jobs import Jobs, Run, WorkerOptions
from common.live import Live
from subgraphs.jobs.domain.queues import WAKE
from subgraphs.jobs.service.adding import add_jobs
from subgraphs.jobs.store.claiming import PLANS, Succeeded
from subgraphs.jobs.worker import Leader, Worker
from subgraphs.jobs.worker.exchange import Taker
from subgraphs.jobs.worker.exchange import tell as tell_queue
from subgraphs.jobs.worker.hand import Told
from tests.benchmarks.jobs.hansa_noop import MIGRATIONS, add
from tests.benchmarks.jobs.hansa_noop import jobs as noops
from tests.benchmarks.jobs.peers.telling import tell

RATE, SECONDS = 200, 10
CLAIMS, BATCH = 300, 100

jobs: Jobs[None] = Jobs("latency")
started: dict[int, float] = {}


@jobs.job()
async def note(_run: Run[None], number: int) -> None:
    started[number] = time.perf_counter()


async def main(url: str, backlog: int) -> None:
    await migrate(url, schema="jobs", scripts=MIGRATIONS)
    database = Database.open(
        url, schema="jobs", pool_size=50
    )  # who asks, asks at the rate however long a commit takes
    own = Database.open(url, schema="jobs", pool_size=4)  # as a worker has
    began = time.perf_counter()
    starts = await start_latencies(database, own)
    rate = len(starts) / (time.perf_counter() - began)
    await own.close()
    await add(database, backlog)
    claims = await claim_latencies(database)
    async with database.transaction() as old:
        await old.execute("SELECT pg_current_xact_id()")
        beside = await claim_latencies(database, CLAIMS * 2)
    first, last = beside[:CLAIMS], beside[CLAIMS:]
    tell(
        rate=rate,
        start_p50=percentile(starts, 50),
        start_p99=percentile(starts, 99),
        claim_p50=percentile(claims, 50),
        claim_p99=percentile(claims, 99),
        claim_beside_old_p99=percentile(first, 99),
        claim_beside_older_p99=percentile(last, 99),
    )
    await database.close()


async def start_latencies(database: Database, own: Database) -> list[float]:
    """Seconds from each commit that asks for a job in `database` to the job's first line; the worker has its `own`."""
    live, wake, stop = Live("nats://127.0.0.1:9", "jobs"), asyncio.Event(), asyncio.Event()
    live.listen_to(database)
    leading = asyncio.create_task(Leader(own, wake).run())
    worker = Worker(own, jobs.kinds, {note.name: None}, WorkerOptions(concurrency=20), wake=wake)
    asked: dict[int, float] = {}

    async def ask(number: int) -> None:
        async with database.transaction() as transaction:
            await add_jobs(transaction, [note(number)])
        asked[number] = time.perf_counter()

    with live.waking(WAKE, ["default"], wake):
        working = asyncio.create_task(worker.run(stop))
        async with asyncio.TaskGroup() as asking:
            for number in range(RATE * SECONDS):
                asking.create_task(ask(number))
                await asyncio.sleep(1 / RATE)
        async with asyncio.timeout(60):
            while len(started) < len(asked):  # noqa: ASYNC110 - a dict sets no event
                await asyncio.sleep(0.05)
        stop.set()
        await working
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)
    return [started[number] - asked[number] for number in asked]


async def claim_latencies(database: Database, claims: int = CLAIMS) -> list[float]:
    """Seconds that each claim of a hundred jobs takes, with its commit; the jobs end in the transaction of the next."""
    taker = Taker(worker := new_id(), ("default",), list(noops.kinds))
    told, seconds = Told([], [], {}), []
    for _ in range(claims):
        async with database.transaction(opening=PLANS) as transaction:
            await tell_queue(transaction, worker, told)
            began = time.perf_counter()
            taken = await taker.take(transaction, BATCH, time.monotonic())
        seconds.append(time.perf_counter() - began)
        told = Told([Succeeded(job.id, job.attempt, None) for job in taken], [], {})
    return seconds


def percentile(seconds: list[float], place: int) -> float:
    """In milliseconds."""
    return quantiles(seconds, n=100)[place - 1] * 1e3


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
