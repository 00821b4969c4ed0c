"""Guarantee 1 of jobs' README from another service: its transaction asks, the job runs once; and `hansa worker`."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from common.app import running
from common.database import Database
from common.database.tables import KERNEL_TABLES
from common.events import JetStreamLog, background_work
from common.jobs import InvalidJobError, enqueue
from gateway.cli.failure import CommandError
from gateway.cli.worker import worker
from subgraphs.jobs import demo_jobs
from subgraphs.jobs.app import create_app, service
from subgraphs.jobs.domain.jobs import JobState

HANSA = (sys.executable, "-c", "from gateway.cli import main; main()")


@pytest.fixture
def environment(database_url: str, nats_url: str) -> Mapping[str, str]:
    return {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "HANSA_ISSUER": "https://identity.invalid",
        "HANSA_JWKS_URL": "https://identity.invalid/jwks",
    }


async def test_another_services_transaction_asks_for_a_job_once(
    desk: Any, environment: Mapping[str, str]
) -> None:
    shop = Database.open(environment["DATABASE_URL"], schema="shop")
    async with shop.transaction() as transaction:
        await transaction.execute("CREATE SCHEMA shop")
        for statement in KERNEL_TABLES:
            await transaction.execute(statement)
    log = JetStreamLog.open(environment["NATS_URL"])
    kept, lost = demo_jobs.ring_bell(times=2), demo_jobs.ring_bell(times=3)
    async with running(create_app(environment)), background_work(shop, log, handlers={}):
        async with shop.transaction() as transaction:
            await enqueue(transaction, kept)
        with pytest.raises(ZeroDivisionError):
            await ask_and_fail(shop, lost)
        async with asyncio.timeout(30):
            while kept.id not in await desk.services.jobs.find_jobs([kept.id]):  # noqa: ASYNC110 - it watches a database
                await asyncio.sleep(0.05)
        (job,) = await desk.ended(kept.id)
    assert (job.state, job.result) == (JobState.SUCCEEDED, '"dong dong"')
    assert await desk.scalar("SELECT count(*) FROM job") == 1
    await log.close()
    await shop.close()


async def ask_and_fail(shop: Database, job: Any) -> None:
    async with shop.transaction() as transaction:
        await enqueue(transaction, job)
        raise ZeroDivisionError


async def test_what_cannot_be_a_job_is_refused_where_it_is_asked_for(kernel_database: Database) -> None:
    async with kernel_database.transaction() as transaction:
        with pytest.raises(InvalidJobError):
            await enqueue(transaction, demo_jobs.ring_bell().with_options(queue=""))
        await enqueue(transaction)
        assert (await transaction.execute("SELECT count(*) FROM outbox")).scalar() == 0


async def test_hansa_worker_runs_jobs_and_leaves_in_good_order(desk: Any, database_url: str) -> None:
    ids = await desk.add(
        demo_jobs.ring_bell(), demo_jobs.hail_pilot(answers_at=2), demo_jobs.weigh_cargo([1, 2])
    )
    process = await asyncio.create_subprocess_exec(
        *HANSA, "worker", "--concurrency", "3", env={**os.environ, "DATABASE_URL": database_url}
    )
    try:
        jobs = await desk.ended(*ids, seconds=60)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
    assert [job.result for job in jobs] == ['"dong"', '"the pilot answered at attempt 2"', "3"]
    assert await desk.scalar("SELECT count(*) FROM worker") == 0


@pytest.mark.parametrize("options", [{"queues": ","}, {"concurrency": 0}, {"grace": -1}])
def test_a_worker_that_could_do_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="A worker needs a queue"):
        worker(**options)


async def test_the_demo_data_is_loaded_once(desk: Any, environment: Mapping[str, str]) -> None:
    for _ in range(2):
        await service.load_demo(environment)
    assert await desk.scalar("SELECT count(*) FROM job") == 12
    assert [each.name for each in await desk.services.recurring.list_recurring()] == ["hourly-bell"]
