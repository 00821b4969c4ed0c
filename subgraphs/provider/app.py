"""The provider's wiring: from the environment to an app."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from common.app import StoreParts
from common.http import open_transport
from common.service import Service
from subgraphs.provider.routes import routes
from subgraphs.provider.service import CardProvider
from subgraphs.provider.settings import Settings
from subgraphs.provider.worker import WebhookSender, sending


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the provider.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = StoreParts(Settings, environment)
    settings, database = parts.settings, parts.database

    @asynccontextmanager
    async def telling(app: Litestar) -> AsyncIterator[None]:
        if settings.payments_url is None:
            yield
            return
        transport = open_transport(settings.payments_url, apps=app.state.get("apps"))
        try:
            async with sending(WebhookSender(database, transport, settings.webhook_secret)):
                yield
        finally:
            await transport.close()

    return parts.create_service(
        route_handlers=routes(CardProvider(database, settings.pages), settings.api_key),
        lifespan=[telling],
    )


async def load_demo(_environment: Mapping[str, str]) -> None:
    """There is none: what is charged comes from those who buy."""


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
    in_graph=False,
)
