"""Guarantee 17 of jobs' README: what becomes of a job or a queue is seen while it happens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any
from uuid import UUID

import pytest
from strawberry.types import ExecutionResult

from common.app import ServiceRequest
from common.auth import Caller
from common.jobs import WorkerOptions
from common.live import Live
from common.settings import Secret
from subgraphs.jobs.api import Context, schema
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.worker import worker as worker_module
from subgraphs.jobs.working import working
from tests.integration.jobs import kinds

ADA, BOB = "0199d3a0-0000-7000-8000-000000000001", "0199d3a0-0000-7000-8000-000000000002"
JOB_UPDATED = "subscription ($id: ID!) { jobUpdated(id: $id) { state result owner { id } } }"
QUEUE_UPDATED = 'subscription { queueUpdated(name: "default") { isPaused stats { ready } } }'

Watch = Callable[..., AsyncGenerator[ExecutionResult, None]]


@pytest.fixture
async def live(nats_url: str, desk: Any) -> AsyncIterator[Live]:
    """The live values of the process in which `desk` is."""
    live = Live(nats_url, "jobs")
    live.listen_to(desk.database)
    async with live.running():
        yield live


@pytest.fixture
def watch(desk: Any, live: Live) -> Watch:
    async def watch(
        query: str, user: str = ADA, *, admin: bool = False, **variables: Any
    ) -> AsyncGenerator[ExecutionResult, None]:
        caller = Caller(user, frozenset({"jobs:admin"} if admin else ()), {})
        context = Context.of(ServiceRequest(caller, None), desk.services, live)
        source = await schema.subscribe(query, variable_values=variables, context_value=context)
        async with aclosing(source):
            async for result in source:
                yield result

    return watch


async def added(desk: Any, tenant: str = ADA) -> UUID:
    (job_id,) = await desk.add(kinds.write("done").with_options(tenant=tenant))
    return UUID(str(job_id))


async def test_a_job_is_seen_until_it_has_ended(desk: Any, watch: Watch) -> None:
    job_id = await added(desk)
    async with asyncio.timeout(30), aclosing(watch(JOB_UPDATED, id=str(job_id))) as results:
        first = await anext(results)
        assert first.data == {"jobUpdated": {"state": "READY", "result": None, "owner": {"id": ADA}}}
        async with desk.working():
            last = [result.data["jobUpdated"] async for result in results if result.data][-1]
    assert (last["state"], last["result"]) == ("SUCCEEDED", 4)


async def test_a_job_that_is_cancelled_is_seen(desk: Any, watch: Watch) -> None:
    job_id = await added(desk)
    async with asyncio.timeout(30), aclosing(watch(JOB_UPDATED, id=str(job_id))) as results:
        await anext(results)
        await desk.services.jobs.cancel(job_id)
        states = [result.data["jobUpdated"]["state"] async for result in results if result.data]
    assert states == ["CANCELLED"]


@pytest.mark.parametrize("job_id", ["another's", str(UUID(int=1)), "no id"])
async def test_what_the_caller_may_not_see_is_nothing(desk: Any, watch: Watch, job_id: str) -> None:
    if job_id == "another's":
        job_id = str(await added(desk, tenant=BOB))
    async with asyncio.timeout(30):
        results = [result async for result in watch(JOB_UPDATED, id=job_id)]
    assert [(result.data, result.errors) for result in results] == [({"jobUpdated": None}, None)]


async def test_administrators_see_a_queue_change_and_others_do_not(desk: Any, watch: Watch) -> None:
    async with asyncio.timeout(30), aclosing(watch(QUEUE_UPDATED, admin=True)) as results:
        assert (await anext(results)).data == {"queueUpdated": {"isPaused": False, "stats": None}}
        await added(desk)
        assert (await anext(results)).data == {"queueUpdated": {"isPaused": False, "stats": {"ready": 1}}}
        await desk.services.queues.pause("default", is_paused=True)
        assert (await anext(results)).data == {"queueUpdated": {"isPaused": True, "stats": {"ready": 1}}}
    (refused,) = [result async for result in watch(QUEUE_UPDATED)]
    assert refused.errors


@pytest.mark.usefixtures("live")
async def test_a_worker_of_another_process_is_woken(
    desk: Any, nats_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "POLL_INTERVAL", 3600)
    other, wake = Live(nats_url, "jobs"), asyncio.Event()
    registry = Registry({"test": kinds.jobs})
    async with asyncio.timeout(30), other.running(), AsyncExitStack() as stack:
        await stack.enter_async_context(
            working(Secret(database_url), registry, {}, WorkerOptions(), wake=wake, live=other)
        )
        await asyncio.sleep(1)  # the worker has looked, and found nothing
        (job_id,) = await desk.add(kinds.noop())
        await desk.ended(job_id)
