"""The wiring of tenants: from the environment to an app."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from litestar import Litestar

from common.app import Parts, ServiceRequest
from common.database import Database, RetryableError
from common.http import open_transport
from common.leadership import Leadership
from common.service import Service
from common.settings import SettingsError
from subgraphs.tenants.api import Context, schema
from subgraphs.tenants.demo import load_demo
from subgraphs.tenants.domain.configurations import Rules
from subgraphs.tenants.resolver import DnsResolver, parse_servers
from subgraphs.tenants.routes import routes
from subgraphs.tenants.service.directory import KeyDirectory
from subgraphs.tenants.service.feed import Feed
from subgraphs.tenants.service.limits import LimiterUnavailableError, Limits
from subgraphs.tenants.service.peeking import Peeking
from subgraphs.tenants.service.pruning import Pruning
from subgraphs.tenants.service.use_cases import UseCases
from subgraphs.tenants.settings import Settings

LIMITS_LEASE = timedelta(seconds=60)
BILLING_LEASE = timedelta(seconds=180)


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the control plane of tenants.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = Parts(Settings, environment)
    settings, database = parts.settings, parts.database
    use = UseCases.over(database, Rules(settings.domain, settings.inner_upstreams), _resolver(settings))
    feed = Feed(database, parts.live)
    directory = KeyDirectory(feed, use.keys.facts)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, use, parts.live)

    @asynccontextmanager
    async def following(app: Litestar) -> AsyncIterator[None]:
        with contextlib.suppress(RetryableError):
            await feed.look()
        closing = Leadership(database, "billing", ttl=BILLING_LEASE).run(use.billing.turn)
        async with feed.following(), _limiting(database, settings, use, app), _running(closing):
            yield

    return parts.create_service(
        schema=schema,
        context=context,
        edge=routes(settings, use, directory, feed),
        lifespan=[following],
        schedules=[Pruning(database).turn, use.domains.turn],
    )


def _resolver(settings: Settings) -> DnsResolver:
    try:
        return DnsResolver(parse_servers(settings.nameservers))
    except ValueError as error:
        raise SettingsError(f"HANSA_TENANTS_NAMESERVERS is malformed: {error}") from None


@asynccontextmanager
async def _limiting(
    database: Database, settings: Settings, use: UseCases, app: Litestar
) -> AsyncIterator[None]:
    """Where there is a rate limiter, keep what plans allow in it until the end of the block, and ask it to explain requests."""
    if settings.ratelimit_url is None or settings.ratelimit_token is None:
        yield
        return
    token = settings.ratelimit_token
    transport = open_transport(settings.ratelimit_url, apps=app.state.get("apps"))
    use.explaining.limiter = lambda: Peeking(transport, token)
    limits = Limits(database, transport, token)
    leadership = Leadership(
        database, "limits", ttl=LIMITS_LEASE, failures=(RetryableError, LimiterUnavailableError)
    )
    try:
        async with _running(leadership.run(limits.turn)):
            yield
    finally:
        await transport.close()


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do the work until the end of the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
