"""The rate limiter's wiring: from the environment to an app."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from common.app import Doorkeeper, Lifespan, LiveParts, ServiceRequest, closing
from common.service import Service
from common.valkey import ReplyError, ValkeyUnavailableError, open_valkey
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
from subgraphs.ratelimit.routes import envoy as envoy_doors
from subgraphs.ratelimit.routes import limits as limit_doors
from subgraphs.ratelimit.routes import policies as policy_doors
from subgraphs.ratelimit.service.decisions import RateLimits
from subgraphs.ratelimit.service.policies import PolicyBook
from subgraphs.ratelimit.service.usage import Usage
from subgraphs.ratelimit.settings import Settings

_log = logging.getLogger("hansa.ratelimit")


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the rate limiter's subgraph.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = LiveParts(Settings, environment)
    settings = parts.settings
    engine = ValkeyEngine(open_valkey(settings.redis_url.reveal(), timeout=settings.timeout_ms / 1_000))
    limiter = Limiter(engine, Fallback(settings.nodes), Denials(), Leases(engine))
    policies = Policies(parts.database, limiter.policies_changed)
    usage = Usage(parts.database)
    limits = RateLimits(policies, limiter, Reservations(engine), usage)
    book = PolicyBook(parts.database, policies)
    doorkeeper = Doorkeeper(settings.token, CHECK_SCOPE)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, limits, book, usage, parts.live)

    return parts.create_service(
        schema=schema,
        context=context,
        edge=[
            *limit_doors.routes(limits, doorkeeper),
            *envoy_doors.routes(limits, doorkeeper),
            *policy_doors.routes(book, Doorkeeper(settings.token, WRITE_SCOPE)),
        ],
        lifespan=[
            closing(engine.close),
            lambda _: _loaded(engine),
            lambda _: policies.following(parts.live),
            lambda _: usage.writing(),
            *_envoy(settings.grpc_listen, limits, doorkeeper),
        ],
        readiness={"policies": policies.ready},  # it decides without the database too
    )


def _envoy(address: str | None, limits: RateLimits, doorkeeper: Doorkeeper) -> list[Lifespan]:
    if address is None:
        return []
    from subgraphs.ratelimit.envoy.grpc_service import serving  # noqa: PLC0415 - gRPC takes 20 MB of those who do not use it

    return [lambda app: serving(address, limits, doorkeeper, app)]


@asynccontextmanager
async def _loaded(engine: ValkeyEngine) -> AsyncIterator[None]:
    try:
        await engine.load()
    except (ReplyError, ValkeyUnavailableError) as error:
        _log.warning("Valkey does not answer; the policies' fail modes decide until it does: %s", error)
    yield


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
