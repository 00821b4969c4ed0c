"""Payments' wiring: from the environment to an app."""

from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar

from common.app import Parts, ServiceRequest
from common.service import Service
from subgraphs.payments.api import Context, schema
from subgraphs.payments.demo import load_demo
from subgraphs.payments.domain.attempts import ProviderName
from subgraphs.payments.events.reservations import ReservationHeld, ReservationUnfulfilled
from subgraphs.payments.provider.wallet import WalletProvider
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.reservations import Reservations
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.services import Services
from subgraphs.payments.settings import Settings


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the payments subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = Parts(Settings, environment)
    database, operations = parts.database, Operations()
    services, reservations = Services.of(database, operations), Reservations(operations)
    providers = {ProviderName.WALLET: WalletProvider(database)}
    runner = AttemptRunner(database, providers, reservations.on_outcome)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, services, parts.live)

    return parts.create_service(
        schema=schema,
        context=context,
        handlers={
            ReservationHeld: reservations.on_held,
            ReservationUnfulfilled: reservations.on_unfulfilled,
        },
        lifespan=[lambda _: runner.running(parts.live)],
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
