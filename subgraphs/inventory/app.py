"""Inventory's wiring: from the environment to an app."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from litestar import Litestar

from common.app import ServiceRequest, closing, create_service
from common.database import Database
from common.events import JetStreamLog
from common.service import Service
from common.settings import load
from common.telemetry import Telemetry
from subgraphs.inventory.api import Context, schema
from subgraphs.inventory.demo import load_demo
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.settings import Settings
from subgraphs.inventory.worker import working


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the inventory subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    settings = load(Settings, environment)
    telemetry = Telemetry(settings.service, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service, telemetry=telemetry)
    log = JetStreamLog.open(settings.nats_url.reveal())
    services = Services.of(database, timedelta(seconds=settings.hold_seconds))

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, services)

    return create_service(
        settings=settings,
        telemetry=telemetry,
        schema=schema,
        context=context,
        lifespan=[
            closing(database.close),
            closing(log.close),
            lambda _: working(database, log, services, telemetry),
        ],
        readiness={"database": database.ping},
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
