"""Kinds of jobs that leave traces in the database: each run, and an effect that is to happen once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from common.database import Database
from common.jobs import Backoff, Jobs, Run


@asynccontextmanager
async def opening(environment: Mapping[str, str]) -> AsyncIterator[Database]:
    database = Database.open(environment["DATABASE_URL"], schema="jobs")
    yield database
    await database.close()


jobs: Jobs[Database] = Jobs("crash", opening)


async def leave_traces(run: Run[Database]) -> None:
    async with run.resources.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO execution (job_id, attempt, pid) VALUES (:job_id, :attempt, :pid)",
            {"job_id": run.job_id, "attempt": run.attempt, "pid": os.getpid()},
        )
    async with run.resources.transaction() as transaction:
        if await run.is_first(transaction):
            await transaction.execute("INSERT INTO effect (job_id) VALUES (:job_id)", {"job_id": run.job_id})


@jobs.job(max_attempts=10)
async def note(run: Run[Database]) -> int:
    await leave_traces(run)
    return os.getpid()


@jobs.job(max_attempts=10, backoff=Backoff(base=0.0))
async def stumble(run: Run[Database]) -> int:
    await leave_traces(run)
    if run.attempt == 1:
        raise LookupError("stumbled")
    return run.attempt


@jobs.job(max_attempts=10)
async def kill_worker(run: Run[Database]) -> None:
    await leave_traces(run)
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.job(max_attempts=10)
async def hold(run: Run[Database]) -> None:
    await leave_traces(run)
    if run.attempt == 1:
        await asyncio.sleep(3600)
