"""Jobs in processes that are killed: for each failpoint in the arguments a batch is asked for and run to its end.

A process of its own asks, leads and works, is killed at the failpoint, and is started again. Processes are forked, so that
each costs no imports. One line of JSON tells how each batch's two runs ended.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from uuid import UUID

from common import failpoints
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

PATIENCE = 60  # seconds for one run
# a killed process is noticed sooner than in production
worker.SILENCE = leader.SILENCE = timedelta(seconds=1.5)
worker.BEAT_INTERVAL = 0.3
leader.LEASE_TTL = timedelta(seconds=1)
leader.INTERVAL = 0.1


def main() -> None:
    for name in sys.argv[1:]:
        runs = run(name, f"{name}:kill"), run(name, "")
        print(json.dumps({"failpoint": name, "statuses": runs}), flush=True)  # noqa: T201 - what the test reads


def run(batch: str, failpoint: str) -> int:
    """Work in a forked process; 0, the exit status, or less than 0 by a signal."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        failpoints._armed = failpoints._parse(failpoint)
        asyncio.run(work(batch))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def work(batch: str) -> None:
    """Ask for the batch, once however often this is done, and run jobs until it has ended."""
    database = Database.open(os.environ["DATABASE_URL"], schema="jobs")
    book = Services.of(database).jobs
    asked = {"scope": "crash", "idempotency_key": batch, "fingerprint": Asked(batch)}
    ids = await book.enqueue(requests(), **asked)
    url, options = Secret(os.environ["DATABASE_URL"]), WorkerOptions(concurrency=4, grace=5.0)
    async with working(url, Registry({"crash": jobs}), os.environ, options, wake=asyncio.Event()):
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
    main()
