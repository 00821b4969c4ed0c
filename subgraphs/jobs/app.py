"""Jobs' wiring: from the environment to an app."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar

from common.app import ServiceRequest, closing, create_service
from common.database import Database
from common.events import Event, Handler, JetStreamLog, background_work
from common.jobs import JobsRequested, WorkerOptions, installed_jobs
from common.service import Service
from common.settings import load
from common.telemetry import Telemetry
from subgraphs.jobs.api import Context, schema
from subgraphs.jobs.demo import load_demo
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.service import JobQueues
from subgraphs.jobs.settings import Settings
from subgraphs.jobs.working import working


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the jobs subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    settings = load(Settings, environment)
    telemetry = Telemetry(settings.service, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service, telemetry=telemetry)
    log = JetStreamLog.open(settings.nats_url.reveal())
    registry, wake = Registry(installed_jobs()), asyncio.Event()
    queues = JobQueues(database, registry.kinds, wake)
    options = WorkerOptions(concurrency=settings.concurrency)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, queues)

    handlers: Mapping[type[Event], Handler] = {JobsRequested: queues.on_requested}
    return create_service(
        settings=settings,
        telemetry=telemetry,
        schema=schema,
        context=context,
        lifespan=[
            closing(database.close),
            closing(log.close),
            lambda _: working(
                settings.database_url, registry, environment, options, telemetry=telemetry, wake=wake
            ),
            lambda _: background_work(database, log, handlers=handlers, telemetry=telemetry),
        ],
        readiness={"database": database.ping},
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
