"""Inventory's wiring: from the environment to an app."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from litestar import Litestar

from common.app import Parts, ServiceRequest
from common.service import Service
from subgraphs.inventory.api import Context, schema
from subgraphs.inventory.demo import load_demo
from subgraphs.inventory.routes import routes
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.settings import Settings
from subgraphs.inventory.store.retention import RETENTION
from subgraphs.inventory.worker import HANDLERS, schedules


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the inventory subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = Parts(Settings, environment)
    settings = parts.settings
    services = Services.of(parts.database, timedelta(seconds=settings.hold_seconds), settings.region)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, services, parts.live)

    return parts.create_service(
        schema=schema,
        context=context,
        handlers=HANDLERS,
        schedules=schedules(services),
        retention=RETENTION,
        route_handlers=routes(services.imports),
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
