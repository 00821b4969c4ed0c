"""Payments's wiring: from the environment to an app."""

from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar

from common.app import ServiceRequest, closing, create_service
from common.database import Database
from common.events import JetStreamLog
from common.service import Service
from common.settings import load
from common.telemetry import Telemetry
from subgraphs.payments.api import Context, schema
from subgraphs.payments.demo import load_demo
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.settings import Settings
from subgraphs.payments.worker import working


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the payments subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    settings = load(Settings, environment)
    telemetry = Telemetry(settings.service, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service, telemetry=telemetry)
    log = JetStreamLog.open(settings.nats_url.reveal())
    wallets, payments = Wallets(database), Payments(database)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, wallets=wallets, payments=payments)

    return create_service(
        settings=settings,
        telemetry=telemetry,
        schema=schema,
        context=context,
        lifespan=[
            closing(database.close),
            closing(log.close),
            lambda _: working(database, log, payments, telemetry),
        ],
        readiness={"database": database.ping},
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
