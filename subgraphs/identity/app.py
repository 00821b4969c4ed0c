"""Identity's wiring: from the environment to an app."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from prometheus_client import CollectorRegistry
from redis.asyncio import BlockingConnectionPool, Redis

from common.app import LiveParts, ServiceRequest
from common.sealing import Sealer
from common.service import Service
from subgraphs.identity.api import Context, schema
from subgraphs.identity.demo import load_demo
from subgraphs.identity.domain.keys import KeyPolicy
from subgraphs.identity.mail import open_mailer
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.peers import following, open_directory, open_homes
from subgraphs.identity.provider import Provider
from subgraphs.identity.routes import keys as key_routes
from subgraphs.identity.routes import letters as letter_routes
from subgraphs.identity.routes import provider as provider_routes
from subgraphs.identity.routes.neighbours import neighbour_routes
from subgraphs.identity.routes.regions import region_health_routes, region_routes
from subgraphs.identity.routes.revocations import revocation_routes
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.replication import Teller
from subgraphs.identity.service.revocations import RevocationFeed
from subgraphs.identity.services import Services
from subgraphs.identity.settings import Settings
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.site import Site
from subgraphs.identity.throttle import SignInThrottle
from subgraphs.identity.tokens import AccessTokens
from subgraphs.identity.worker import claiming, forgetting, sending


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the identity subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = LiveParts(Settings, environment)
    settings, database = parts.settings, parts.database
    redis = Redis.from_pool(BlockingConnectionPool.from_url(settings.redis_url.reveal(), timeout=2))
    parts.telemetry.instrument_redis(redis)
    sealer = Sealer.from_setting(settings.key_encryption_key)
    keys = SigningKeys(database, sealer, KeyPolicy())
    passwords, throttle, site = Passwords(), SignInThrottle(redis), Site(settings.issuer)
    homes = open_homes(settings)
    directory = open_directory(settings, database, homes)
    addresses = Addresses(database, directory)
    services = Services.of(
        database,
        sealer,
        keys,
        addresses=addresses,
        live=parts.live,
        site=site,
        passwords=passwords,
        throttle=throttle,
        code_throttle=SignInThrottle(redis, of="second-factor"),
        first_admin=settings.first_admin,
        homes=homes,
    )
    tokens = AccessTokens(keys, settings.issuer, settings.audience)
    identity = Identity(
        database,
        passwords,
        throttle,
        tokens,
        roles=services.roles,
        emails=services.emails,
        codes=services.codes,
        addresses=addresses,
    )
    mailer = open_mailer(settings.mail_url) if settings.mail_url else None
    provider = Provider.of(
        database,
        sealer,
        keys,
        site=site,
        identity=identity,
        access_tokens=tokens,
        roles=services.roles,
        second_factors=services.codes,
        throttle=throttle,
        router_secret=settings.router_secret,
        region=settings.region,
        homes=homes,
        directory=directory,
    )
    feed, registry = RevocationFeed(database, parts.live), CollectorRegistry()

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, identity, services, provider)

    async def ping_redis() -> None:
        await redis.ping()

    @asynccontextmanager
    async def resources(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            passwords.close()
            await redis.aclose()

    return parts.create_service(
        schema=schema,
        context=context,
        route_handlers=[
            *key_routes.routes(keys),
            *revocation_routes(feed),
            *letter_routes.routes(mailer),
            *region_routes(Teller(database, feed, keys), homes.neighbours),
            *region_health_routes(services.regions),
            *(
                neighbour_routes(directory, provider.signing_in, provider.clients, services.regions)
                if directory
                else ()
            ),
            *provider_routes.routes(provider, services, sealer),
        ],
        lifespan=[
            resources,
            following(settings.region, homes, database, services.regions, registry),
            lambda _: forgetting(database, services),
            *([lambda _: claiming(addresses)] if directory else ()),
            *sending(database, sealer, mailer, settings.mail_from),
        ],
        registry=registry,
        readiness={"database": database.ping, "valkey": ping_redis},
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
