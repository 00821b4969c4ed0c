"""Running jobs for the length of a block: a worker and a leader, in the service's own process or in `hansa worker`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from common.database import Database
from common.jobs import WorkerOptions, installed_jobs
from common.live import Live
from common.settings import Secret, load
from common.telemetry import Telemetry
from subgraphs.jobs.domain.queues import WAKE
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.settings import Settings, WorkerSettings
from subgraphs.jobs.worker import Leader, Worker

PAUSE_LIMIT = "3s"
"""How long a stopped process may keep others from the rows that it has locked: less than until it is taken for dead."""


@asynccontextmanager
async def working(
    url: Secret,
    registry: Registry,
    environment: Mapping[str, str],
    options: WorkerOptions,
    *,
    telemetry: Telemetry | None = None,
    wake: asyncio.Event,
    live: Live | None = None,
) -> AsyncIterator[None]:
    """Lead, and run jobs if `options` let one run at all; leaving drains the worker.

    `live` tells of what becomes of jobs, and of those that others add; without it a worker looks five times a second.
    """
    database = Database.open(
        url.reveal(), schema=Settings.service, pool_size=4, idle_in_transaction_timeout=PAUSE_LIMIT
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        if live is not None:
            live.listen_to(database)
            stack.enter_context(live.waking(WAKE, options.queues, wake))
        leading = asyncio.create_task(Leader(database, wake).run(), name="leader of jobs")
        stack.push_async_callback(_end, leading)
        if options.concurrency:
            resources = await stack.enter_async_context(registry.opened(environment))
            worker = Worker(database, registry.kinds, resources, options, telemetry=telemetry, wake=wake)
            stop = asyncio.Event()
            task = asyncio.create_task(worker.run(stop), name="worker")
            stack.push_async_callback(_stop, stop, task)
        yield


@asynccontextmanager
async def worker_program(environment: Mapping[str, str], options: WorkerOptions) -> AsyncIterator[None]:
    """What `hansa worker` runs. Raises SettingsError."""
    settings = load(WorkerSettings, environment)
    telemetry = Telemetry("worker", environment)
    try:
        registry, wake = Registry(installed_jobs()), asyncio.Event()
        async with AsyncExitStack() as stack:
            live = Live(settings.nats_url.reveal(), Settings.service) if settings.nats_url else None
            if live is not None:
                await stack.enter_async_context(live.running())
            url = settings.database_url
            await stack.enter_async_context(
                working(url, registry, environment, options, telemetry=telemetry, wake=wake, live=live)
            )
            yield
    finally:
        await asyncio.to_thread(telemetry.close)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _stop(stop: asyncio.Event, worker: asyncio.Task[None]) -> None:
    stop.set()
    await worker
