"""Guarantees 1 to 3 of jobs' README: no job is lost, none completes twice, none kills workers for ever."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from common import failpoints
from common.database import Database, RetryableError, migrate
from common.embedded import PostgresServer
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from subgraphs.jobs.domain.jobs import JobState
from tests.integration.jobs.conftest import MIGRATIONS, Desk
from tests.integration.jobs.crashing_kinds import hold, kill_worker, note
from tests.integration.lanes import met

ROOT = Path(__file__).parents[3]
CRASHING = Path(__file__).with_name("crashing.py")
LANES = 3
NAMES = sorted(failpoints.names("subgraphs.jobs"))
TRACES = (
    "CREATE TABLE execution (job_id uuid NOT NULL, attempt int NOT NULL, pid int NOT NULL)",
    "CREATE TABLE effect (job_id uuid NOT NULL)",
)
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


@asynccontextmanager
async def process(
    url: str, *arguments: str, failpoint: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that leads and works; it is killed at the end if it still runs."""
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "FAILPOINT": failpoint}
    child = await asyncio.create_subprocess_exec(
        sys.executable, Path(__file__).with_name("working.py"), *arguments, env=environment
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


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
    async with process(database_url, "quick", failpoint=f"{place}:pause") as zombie:
        async with asyncio.timeout(60):
            while not is_stopped(zombie.pid):  # noqa: ASYNC110 - it watches a process
                await asyncio.sleep(0.05)
        async with process(database_url, "quick") as heir:
            (job,) = await traces.ended(id_, seconds=60)
            assert (job.state, job.result) == (JobState.SUCCEEDED, str(heir.pid))
            zombie.send_signal(signal.SIGCONT)
            await asyncio.sleep(2)
            zombie.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                assert await zombie.wait() == 0
    assert await traces.job(id_) == job
    assert await traces.scalar("SELECT count(*) FROM effect") == 1


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_a_job_that_kills_its_workers_is_dead_after_three(traces: Desk, database_url: str) -> None:
    (id_,) = await traces.add(kill_worker())
    async with asyncio.timeout(120):
        for _ in range(3):
            async with process(database_url, "quick") as child:
                assert await child.wait() == -signal.SIGKILL
        async with process(database_url, "quick"):
            (job,) = await traces.ended(id_, seconds=60)
    assert (job.state, job.crashes, job.error) == (JobState.DEAD, 3, "its worker died")
    assert await traces.scalar("SELECT count(*) FROM execution") == 3


async def test_a_killed_workers_jobs_run_elsewhere_within_fifteen_seconds(
    traces: Desk, database_url: str
) -> None:
    (id_,) = await traces.add(hold())
    async with process(database_url), process(database_url):
        async with asyncio.timeout(60):
            while not (pid := await traces.scalar("SELECT pid FROM execution")):  # noqa: ASYNC110 - it watches a database
                await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGKILL)  # the leader too, if it is the one
        began = time.monotonic()
        (job,) = await traces.ended(id_, seconds=60)
        seconds = time.monotonic() - began
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 2, 1)
    assert seconds < 15


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
        async with process(url, "quick"), process(url, "quick"):
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
