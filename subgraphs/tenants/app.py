"""The wiring of tenants: from the environment to an app."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from common.app import Parts, ServiceRequest
from common.database import RetryableError
from common.service import Service
from subgraphs.tenants.api import Context, schema
from subgraphs.tenants.demo import load_demo
from subgraphs.tenants.domain.configurations import Rules
from subgraphs.tenants.routes import routes
from subgraphs.tenants.service.directory import KeyDirectory
from subgraphs.tenants.service.feed import Feed
from subgraphs.tenants.service.pruning import Pruning
from subgraphs.tenants.service.use_cases import UseCases
from subgraphs.tenants.settings import Settings


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the control plane of tenants.

    Raises:
        SettingsError: the environment lacks something.
    """
    parts = Parts(Settings, environment)
    settings, database = parts.settings, parts.database
    use = UseCases.over(database, Rules(settings.domain, settings.inner_upstreams))
    feed = Feed(database, parts.live)
    directory = KeyDirectory(feed, use.keys.facts)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, use)

    @asynccontextmanager
    async def following(_: Litestar) -> AsyncIterator[None]:
        with contextlib.suppress(RetryableError):
            await feed.look()
        async with feed.following():
            yield

    return parts.create_service(
        schema=schema,
        context=context,
        edge=routes(settings, use, directory, feed),
        lifespan=[following],
        schedules=[Pruning(database).turn],
    )


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
