"""Jobs' wiring: from the environment to an app."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar

from common.app import Parts, ServiceRequest
from common.jobs import JobsRequested, WorkerOptions, installed_jobs
from common.service import Service
from subgraphs.jobs.api import Context, schema
from subgraphs.jobs.demo import load_demo
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.routes import routes
from subgraphs.jobs.service.services import Services
from subgraphs.jobs.settings import Settings
from subgraphs.jobs.store.retention import RETENTION
from subgraphs.jobs.working import working


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the jobs subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = Parts(Settings, environment)
    registry, wake = Registry(installed_jobs()), asyncio.Event()
    services = Services.of(parts.database, registry.kinds, wake)
    options = WorkerOptions(concurrency=parts.settings.concurrency)
    url, telemetry = parts.settings.database_url, parts.telemetry

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, services, parts.live)

    return parts.create_service(
        schema=schema,
        context=context,
        handlers={JobsRequested: services.jobs.on_requested},
        retention=RETENTION,
        route_handlers=routes(services.jobs, parts.live),
        lifespan=[
            lambda _: working(
                url, registry, environment, options, telemetry=telemetry, wake=wake, live=parts.live
            )
        ],
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
