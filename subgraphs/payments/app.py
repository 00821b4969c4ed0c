"""Payments' wiring: from the environment to an app."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from litestar import Litestar

from common.app import Parts, ServiceRequest
from common.sealing import Sealer
from common.service import Service
from subgraphs.payments.api import Context, schema
from subgraphs.payments.demo import load_demo
from subgraphs.payments.domain.attempts import ProviderName
from subgraphs.payments.domain.checkouts import Patience
from subgraphs.payments.provider.cards import Cards
from subgraphs.payments.provider.port import Provider
from subgraphs.payments.provider.wallet import WalletProvider
from subgraphs.payments.routes.webhooks import webhook_routes
from subgraphs.payments.service.checkout_process import CheckoutProcess
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.services import Services
from subgraphs.payments.service.webhook_secrets import WebhookSecrets
from subgraphs.payments.service.webhook_sender import WebhookSender
from subgraphs.payments.settings import Settings
from subgraphs.payments.store.retention import RETENTION


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the payments subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = Parts(Settings, environment)
    settings, database, operations = parts.settings, parts.database, Operations()
    cards, networks = Cards.of(settings), settings.allowed_networks()
    secrets = WebhookSecrets(Sealer.from_setting(settings.key_encryption_key))
    providers: dict[ProviderName, Provider] = {ProviderName.WALLET: WalletProvider(database)}
    if cards is not None:
        providers[ProviderName.CARD] = cards.provider
    process = CheckoutProcess(operations, Patience())
    runner = AttemptRunner(database, providers, process.on_outcome)
    sender = WebhookSender(database, secrets, networks)
    services = Services.of(
        database,
        operations,
        secrets,
        providers=frozenset(providers),
        networks=networks,
        reports=cards.reports if cards else None,
    )

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, services, parts.live)

    return parts.create_service(
        schema=schema,
        context=context,
        handlers=process.handlers,
        schedules=[partial(process.pass_deadlines, database)],
        retention=RETENTION,
        route_handlers=webhook_routes(database, operations, settings.card_webhook_secret),
        lifespan=[
            *([cards.transport.opened] if cards else []),
            lambda _: runner.running(parts.live),
            lambda _: sender.running(),
        ],
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
