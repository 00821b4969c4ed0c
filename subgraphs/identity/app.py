"""Identity's wiring: from the environment to an app."""

from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from common.app import ServiceRequest
from common.app.lifespan import Lifespan
from common.service import Service
from subgraphs.identity.api import Context, schema
from subgraphs.identity.demo import load_demo
from subgraphs.identity.parts import IdentityParts
from subgraphs.identity.peers import following
from subgraphs.identity.provider import Provider
from subgraphs.identity.routes import keys as key_routes
from subgraphs.identity.routes import letters as letter_routes
from subgraphs.identity.routes import provider as provider_routes
from subgraphs.identity.routes.neighbours import neighbour_routes
from subgraphs.identity.routes.regions import region_health_routes, region_routes
from subgraphs.identity.routes.revocations import revocation_routes
from subgraphs.identity.service.replication import Teller
from subgraphs.identity.service.revocations import RevocationFeed
from subgraphs.identity.services import Services
from subgraphs.identity.settings import Settings
from subgraphs.identity.worker import claiming, forgetting, sending, telling


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the identity subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = IdentityParts(environment)
    services = Services.of(parts)
    provider = Provider.of(parts, services)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, provider.identity, services, provider)

    return parts.create_service(
        schema=schema,
        context=context,
        route_handlers=_routes(parts, services, provider),
        lifespan=_lifespan(parts, services, provider),
        registry=parts.registry,
        readiness={"database": parts.database.ping, "valkey": parts.ping_valkey},
    )


def _routes(parts: IdentityParts, services: Services, provider: Provider) -> list[ControllerRouterHandler]:
    feed, directory = RevocationFeed(parts.database, parts.live), parts.directory
    return [
        *key_routes.routes(parts.keys),
        *revocation_routes(feed),
        *letter_routes.routes(parts.mailer),
        *region_routes(Teller(parts.database, feed, parts.keys), parts.homes.neighbours),
        *region_health_routes(services.regions),
        *(
            neighbour_routes(directory, provider.signing_in, provider.clients, services.regions)
            if directory
            else ()
        ),
        *provider_routes.routes(provider, services, parts.sealer),
    ]


def _lifespan(parts: IdentityParts, services: Services, provider: Provider) -> list[Lifespan]:
    """What is done besides answering, innermost last."""
    database, settings = parts.database, parts.settings
    return [
        parts.resources,
        following(settings.region, parts.homes, database, services.regions, parts.registry),
        lambda _: forgetting(database, services),
        lambda _: telling(provider.logout_notices),
        *([lambda _: claiming(parts.addresses)] if parts.directory else ()),
        *sending(database, parts.sealer, parts.mailer, settings.mail_from),
    ]


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
