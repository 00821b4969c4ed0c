"""Guarantees 1 to 3 of jobs' README: no job is lost, none completes twice, none kills workers for ever."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from common import failpoints
from common.database import Database, RetryableError, migrate
from common.embedded import PostgresServer
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from subgraphs.jobs.domain.jobs import JobState
from tests.integration.jobs.conftest import MIGRATIONS, Desk, end
from tests.integration.jobs.crashing_kinds import hold, kill_worker, note
from tests.integration.jobs.working import process
from tests.integration.lanes import met

CRASHING = Path(__file__).with_name("crashing.py")
LANES = 3
NAMES = sorted(failpoints.names("subgraphs.jobs"))
TRACES = (
    "CREATE TABLE execution (job_id uuid NOT NULL, attempt int NOT NULL, pid int NOT NULL)",
    "CREATE TABLE effect (job_id uuid NOT NULL)",
)
ALIVE = "SELECT count(*) FROM worker WHERE pid = :pid AND beat_at > :since"
EXECUTIONS = """
    SELECT job_id, count(*) AS runs, max(job.crashes) AS crashes FROM execution JOIN job ON job.id = job_id
    WHERE kind = 'crash.note' GROUP BY job_id
"""


@asynccontextmanager
async def traced(url: str) -> AsyncIterator[Desk]:
    """The queue at `url`, where jobs leave their traces."""
    desk = Desk(Database.open(url, schema="jobs"))
    for statement in TRACES:
        await desk.run(statement)
    yield desk
    await desk.database.close()


@pytest.fixture
async def traces(database_url: str) -> AsyncIterator[Desk]:
    async with traced(database_url) as desk:
        yield desk


async def test_after_a_kill_at_any_failpoint_every_job_ends(migrated_database: Callable[..., str]) -> None:
    kills = [f"{name}:kill" for name in NAMES]
    urls = [migrated_database("jobs") for _ in range(LANES)]
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(traced(url)) for url in urls]
        assert await met(CRASHING, kills, urls) == {kill: [-signal.SIGKILL, 0] for kill in kills}
        for lane, desk in enumerate(desks):
            await check_jobs(desk, 15 * len(kills[lane::LANES]))


async def check_jobs(desk: Desk, count: int) -> None:
    """So many jobs have succeeded, each had its effect once, and ran once if no worker died with it."""
    assert await desk.scalar("SELECT count(*) FROM job WHERE state = 5") == count
    assert await desk.scalar("SELECT count(*) FROM job") == count
    assert await desk.scalar("SELECT count(*) FROM effect") == count
    assert await desk.scalar("SELECT count(DISTINCT job_id) FROM effect") == count
    async with desk.database.transaction() as transaction:
        for job_id, runs, crashes in await transaction.execute(EXECUTIONS):
            assert runs == 1 or crashes, f"{job_id} ran twice though no worker died with it"


@pytest.mark.parametrize(
    "place", ["jobs.run.after", "jobs.exchange.before_commit", "jobs.lead.before_commit"]
)
async def test_a_stopped_process_loses_its_jobs_and_is_not_heard_when_it_goes_on(
    traces: Desk, database_url: str, place: str
) -> None:
    (id_,) = await traces.add(note())
    async with process(database_url, failpoint=f"{place}:pause") as zombie:
        await zombie.stops()
        async with process(database_url) as heir:
            (job,) = await traces.ended(id_, seconds=60)
            assert (job.state, job.result) == (JobState.SUCCEEDED, str(heir.pid))
            now = await traces.scalar("SELECT clock_timestamp()")
            zombie.send_signal(signal.SIGCONT)
            await until_it_beats(traces, zombie.pid, now)
            zombie.send_signal(signal.SIGTERM)
            assert await zombie.ends() == 0
    assert await traces.job(id_) == job
    assert await traces.scalar("SELECT count(*) FROM effect") == 1


async def until_it_beats(desk: Desk, pid: int, since: datetime) -> None:
    """Once the process says that it lives, as another worker if it was taken for dead and its exchange has been refused."""
    async with asyncio.timeout(60):
        while not await desk.scalar(ALIVE, pid=pid, since=since):  # noqa: ASYNC110 - it watches a database
            await asyncio.sleep(0.02)


async def test_a_job_that_kills_its_workers_is_dead_after_three(traces: Desk, database_url: str) -> None:
    (id_,) = await traces.add(kill_worker())
    async with asyncio.timeout(120), due_at_once(traces):
        for _ in range(3):
            async with process(database_url) as child:
                assert await child.ends() == -signal.SIGKILL
        async with process(database_url):
            (job,) = await traces.ended(id_, seconds=60)
    assert (job.state, job.crashes, job.error) == (JobState.DEAD, 3, "its worker died")
    assert await traces.scalar("SELECT count(*) FROM execution") == 3


async def test_a_killed_workers_jobs_run_elsewhere_within_fifteen_seconds(
    traces: Desk, database_url: str
) -> None:
    (id_,) = await traces.add(hold())
    async with process(database_url, quick=False), process(database_url, quick=False):
        async with asyncio.timeout(60):
            while not (pid := await traces.scalar("SELECT pid FROM execution")):  # noqa: ASYNC110 - it watches a database
                await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGKILL)  # the leader too, if it is the one
        began = time.monotonic()
        (job,) = await traces.ended(id_, seconds=60)
        seconds = time.monotonic() - began
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 2, 1)
    assert seconds < 15


@asynccontextmanager
async def due_at_once(desk: Desk) -> AsyncIterator[None]:
    """What waits for its next attempt does not for the length of the block."""

    async def hurry() -> None:
        while True:
            await desk.run("UPDATE job SET run_at = now() WHERE state = 2 AND run_at > now()")
            await asyncio.sleep(0.1)

    hurrying = asyncio.create_task(hurry())
    try:
        yield
    finally:
        await end(hurrying)


async def add_somehow(desk: Desk) -> list[UUID]:
    """Add jobs as a caller does whose connection may be gone: the same ones again, until it is known."""
    requests = [note() for _ in range(20)]
    while True:
        with contextlib.suppress(RetryableError):
            return await desk.add(*requests)


async def test_postgresql_is_restarted_again_and_again(tmp_path: Path) -> None:
    folder = ServerFolder(tmp_path / "servers", server_account())
    (tmp_path / "servers").mkdir()
    server = PostgresServer(folder)
    url = await server.start()
    try:
        await migrate(url, schema="jobs", scripts=MIGRATIONS)
        desk = Desk(Database.open(url, schema="jobs"))
        for statement in TRACES:
            await desk.run(statement)
        async with process(url), process(url):
            ids = []
            for _ in range(3):
                for _ in range(10):
                    ids += await add_somehow(desk)
                    await asyncio.sleep(0.05)
                await server.stop()
                await server.start()
            with contextlib.suppress(RetryableError):
                await desk.database.ping()  # which drops the connections to the server that was
            jobs = await desk.ended(*ids, seconds=90)
        assert {job.state for job in jobs} == {JobState.SUCCEEDED}
        assert await desk.scalar("SELECT count(*) FROM effect") == len(ids) == 600
        await desk.database.close()
    finally:
        await server.stop()
