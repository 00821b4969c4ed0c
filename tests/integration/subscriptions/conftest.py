"""A router over the two subgraphs, in this process and over sockets."""

from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from common.http import ASGIApp
from gateway.server.config import RouterConfig
from gateway.server.config.load import parse_config
from gateway.server.router import Router
from tests.integration.subscriptions.graph import Changes, catalog_app, prices_app, supergraph

MakeRouter = Callable[..., Router]


def configured(
    text: str = "", protocol: str = "graphql_ws", environment: Mapping[str, str] | None = None
) -> RouterConfig:
    """A configuration with subscriptions on; `text` are further keys of `subscription`, indented by two."""
    mode = f"  mode: {{passthrough: {{all: {{protocol: {protocol}}}}}}}"
    return parse_config(f"subscription:\n  enabled: true\n{mode}\n{text}", environment or {})


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
async def make_router(changes: Changes) -> AsyncIterator[MakeRouter]:
    made: list[Router] = []

    def make(
        config: RouterConfig | None = None, *, prices_url: str = "app://prices/graphql", **more: ASGIApp
    ) -> Router:
        apps = {"prices": prices_app(changes), "catalog": catalog_app(), **more}
        made.append(Router(supergraph(prices_url), config or configured(), apps=apps))
        return made[-1]

    yield make
    for router in made:
        await router.close()
