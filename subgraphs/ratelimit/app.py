"""The rate limiter's wiring: from the environment to an app."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from common.app import Doorkeeper, Lifespan, ServiceRequest, create_service
from common.database import Database
from common.service import Service
from common.settings import load
from common.telemetry import Telemetry
from common.valkey import ReplyError, ValkeyLink, ValkeyUnavailableError
from subgraphs.ratelimit.access import CHECK_SCOPE, WRITE_SCOPE
from subgraphs.ratelimit.api import Context, schema
from subgraphs.ratelimit.demo import load_demo
from subgraphs.ratelimit.engine.denials import Denials
from subgraphs.ratelimit.engine.fallback import Fallback
from subgraphs.ratelimit.engine.leases import Leases
from subgraphs.ratelimit.engine.limiter import Limiter
from subgraphs.ratelimit.engine.reservations import Reservations
from subgraphs.ratelimit.engine.valkey import ValkeyEngine
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.routes import limits as limit_doors
from subgraphs.ratelimit.routes import policies as policy_doors
from subgraphs.ratelimit.service import PolicyBook, RateLimits
from subgraphs.ratelimit.settings import Settings

_log = logging.getLogger("hansa.ratelimit")


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the rate limiter's subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    settings = load(Settings, environment)
    telemetry = Telemetry(settings.service, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service, telemetry=telemetry)
    engine = ValkeyEngine(ValkeyLink(settings.redis_url.reveal(), timeout=settings.timeout_ms / 1_000))
    limiter = Limiter(engine, Fallback(settings.nodes), Denials(), Leases(engine))
    policies = Policies(database, limiter.policies_changed)
    limits = RateLimits(policies, limiter, Reservations(engine))
    book = PolicyBook(database, policies)

    doorkeeper = Doorkeeper(settings.token, CHECK_SCOPE)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, limits, book)

    @asynccontextmanager
    async def resources(_: Litestar) -> AsyncIterator[None]:
        try:
            await _load(engine)
            async with policies.following():
                yield
        finally:
            await engine.close()
            await database.close()

    return create_service(
        settings=settings,
        telemetry=telemetry,
        schema=schema,
        context=context,
        edge=[
            *limit_doors.routes(limits, doorkeeper),
            *policy_doors.routes(book, Doorkeeper(settings.token, WRITE_SCOPE)),
        ],
        lifespan=[resources, *_envoy(settings.grpc_listen, limits, doorkeeper)],
        readiness={"policies": policies.ready},
    )


def _envoy(address: str | None, limits: RateLimits, doorkeeper: Doorkeeper) -> list[Lifespan]:
    if address is None:
        return []
    from subgraphs.ratelimit.envoy import serving  # noqa: PLC0415 - gRPC takes 20 MB of those who do not use it

    return [lambda app: serving(address, limits, doorkeeper, app)]


async def _load(engine: ValkeyEngine) -> None:
    try:
        await engine.load()
    except (ReplyError, ValkeyUnavailableError) as error:
        _log.warning("Valkey does not answer; the policies' fail modes decide until it does: %s", error)


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
