"""A queue of the test's own, kinds of jobs to fill it with, and workers to empty it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import TextClause

from common.database import Database
from common.jobs import JobRequest, WorkerOptions
from subgraphs.jobs.domain.jobs import FINAL, Job, JobState
from subgraphs.jobs.service.adding import add_jobs
from subgraphs.jobs.service.services import Services
from subgraphs.jobs.worker import Leader, Worker
from tests.integration.jobs.kinds import Log, jobs

MIGRATIONS = Path(__file__).parents[3] / "subgraphs/jobs/migrations"


@pytest.fixture
def database_url(migrated_database: Callable[..., str]) -> str:
    return migrated_database("jobs")


class Desk:
    """The queue as its tests use it; `log` is what the jobs' functions have done."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = Log()
        self.services = Services.of(database, jobs.kinds)

    async def add(self, *requests: JobRequest) -> list[UUID]:
        async with self.database.transaction() as transaction:
            return await add_jobs(transaction, requests)

    def worker(
        self, *, concurrency: int = 10, queues: Sequence[str] = ("default",), grace: float = 5.0
    ) -> Worker:
        options = WorkerOptions(queues=queues, concurrency=concurrency, grace=grace)
        return Worker(self.database, jobs.kinds, dict.fromkeys(jobs.kinds, self.log), options)

    @asynccontextmanager
    async def working(self, *workers: Worker, leads: bool = True, **options: Any) -> AsyncIterator[Worker]:
        """Workers, one with `options` if none is given, and a leader, for the length of the block."""
        given = workers or (self.worker(**options),)
        async with AsyncExitStack() as stack:
            if leads:
                leader = asyncio.create_task(Leader(self.database, asyncio.Event()).run())
                stack.push_async_callback(end, leader)
            for worker in given:
                stop = asyncio.Event()
                stack.push_async_callback(drain, stop, asyncio.create_task(worker.run(stop)))
            yield given[0]

    async def job(self, job_id: UUID) -> Job:
        return (await self.services.jobs.find_jobs([job_id]))[job_id]

    async def until(self, states: Sequence[JobState], *ids: UUID, seconds: float = 30) -> list[Job]:
        """The jobs, once all are in one of `states`."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.services.jobs.find_jobs(ids)
                if all(found[id_].state in states for id_ in ids):
                    return [found[id_] for id_ in ids]
                await asyncio.sleep(0.02)

    async def ended(self, *ids: UUID, seconds: float = 30) -> list[Job]:
        return await self.until(FINAL, *ids, seconds=seconds)

    async def until_lines(self, count: int) -> None:
        """Once the jobs' functions have written so many lines."""
        async with asyncio.timeout(20):
            while len(self.log.lines) < count:  # noqa: ASYNC110 - a list sets no event
                await asyncio.sleep(0.01)

    async def until_draining(self, worker: Worker) -> None:
        async with asyncio.timeout(20):
            while not worker._is_draining:  # noqa: ASYNC110 - a beat sets no event
                await asyncio.sleep(0.05)

    async def scalar(self, query: str, **parameters: Any) -> Any:
        async with self.database.transaction() as transaction:
            return (await transaction.execute(query, parameters)).scalar()

    async def run(self, statement: str | TextClause, **parameters: Any) -> None:
        async with self.database.transaction() as transaction:
            await transaction.execute(statement, parameters)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    database = Database.open(database_url, schema="jobs")
    yield Desk(database)
    await database.close()


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def drain(stop: asyncio.Event, task: asyncio.Task[None]) -> None:
    stop.set()
    await task
