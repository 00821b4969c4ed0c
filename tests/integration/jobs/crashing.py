"""Jobs in processes that are killed: for each failpoint in the arguments a batch is asked for and run to its end.

A process of its own asks, leads and works, is killed at the failpoint, and is started again.
"""

import asyncio
import sys
from datetime import timedelta
from uuid import UUID

from common.database import Database
from common.jobs import JobRequest, WorkerOptions, Workflow
from common.settings import Secret
from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.service.jobs import Asked, JobBook
from subgraphs.jobs.service.services import Services
from subgraphs.jobs.worker import leader, worker
from subgraphs.jobs.working import working
from tests.integration.jobs.crashing_kinds import jobs, note, stumble
from tests.integration.lanes import meet_cases


def quicken() -> None:
    """Notice sooner than in production that a process was killed."""
    worker.SILENCE = leader.SILENCE = timedelta(seconds=1.5)
    worker.BEAT_INTERVAL = 0.3
    leader.LEASE_TTL = timedelta(seconds=1)
    leader.INTERVAL = 0.1


async def work(url: str, batch: str) -> None:
    """Ask for the batch, once however often this is done, and run jobs until it has ended."""
    database = Database.open(url, schema="jobs")
    book = Services.of(database).jobs
    asked = {"scope": "crash", "idempotency_key": batch, "fingerprint": Asked(batch)}
    ids = await book.enqueue(requests(), **asked)
    options, environment = WorkerOptions(concurrency=4, grace=5.0), {"DATABASE_URL": url}
    async with working(Secret(url), Registry({"crash": jobs}), environment, options, wake=asyncio.Event()):
        while not await ended(book, ids):  # noqa: ASYNC110 - it watches a database
            await asyncio.sleep(0.05)
    await database.close()


def requests() -> list[JobRequest]:
    workflow = Workflow()
    workflow.add("first", note())
    workflow.add("second", note(), after=("first",))
    later, limited = note().with_options(delay=0.2), note().with_options(limit_key="quay")
    return [*(note() for _ in range(10)), later, limited, stumble(), *workflow]


async def ended(book: JobBook, ids: list[UUID]) -> bool:
    return all(job.state is JobState.SUCCEEDED for job in (await book.find_jobs(ids)).values())


if __name__ == "__main__":
    quicken()
    meet_cases(sys.argv[1:], work)
