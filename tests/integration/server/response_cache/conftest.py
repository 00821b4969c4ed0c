"""A router with a response cache in a real Valkey, over two subgraphs of this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.response_cache.graph import App, catalog, stock, supergraph


class Cached:
    """A router with its subgraphs. `stored` waits until what was answered is stored."""

    def __init__(self, graph: Supergraph, config: str, catalog: App, stock: App, /, **apps: Any) -> None:
        self.catalog = catalog
        self.stock = stock
        options = {name: apps.pop(name) for name in ("telemetry", "plugins") if name in apps}
        apps = {"catalog": catalog, "stock": stock} | apps
        self.router = Router(graph, parse_config(config, {}), apps=apps, **options)
        self.app = create_router_app(self.router)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://router")

    async def ask(self, query: str, variables: Any = None, **headers: str) -> Any:
        """The answer's members."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"query": query, "variables": variables or {}}
        answer = await self.client.post("/graphql", json=body, headers=named)
        assert answer.status_code == 200, answer.text
        await self.stored()
        return answer.json()

    async def stored(self) -> None:
        cache = self.router.generation.pipeline.response_cache
        if cache is not None:
            await cache.stored()

    async def close(self) -> None:
        await self.client.aclose()
        await self.router.close()


MakeCached = Callable[..., Cached]


@pytest.fixture(scope="session")
def graph() -> Supergraph:
    return supergraph()


@pytest.fixture
def amounts() -> dict[str, Any]:
    """The stock of each product."""
    return {str(number): number * 10 for number in range(1, 10)}


def patient(url: str) -> str:
    """The configuration of the Valkey at `url`, by one who waits for it however busy the machine is."""
    return f"{{urls: ['{url}'], fetch_timeout: 5s, insert_timeout: 5s, invalidate_timeout: 10s}}"


@pytest.fixture
def redis(redis_url: str) -> str:
    """The configuration of an empty Valkey."""
    return patient(redis_url)


@pytest.fixture
async def make_cached(graph: Supergraph, redis: str, amounts: dict[str, Any]) -> AsyncIterator[MakeCached]:
    """Makes a router; `more` is YAML below `response_cache.subgraph.all`, `config` whole lines."""
    made: list[Cached] = []

    def make(more: str = "", *, config: str = "", graph: Supergraph = graph, **apps: Any) -> Cached:
        if "response_cache" not in config:
            caching = f"{{all: {{redis: {redis}, {more}}}}}"
            config += f"response_cache: {{enabled: true, subgraph: {caching}}}\n"
        made.append(Cached(graph, config, catalog(), stock(amounts), **apps))
        return made[-1]

    async with asyncio.timeout(60):
        yield make
        for each in made:
            await each.close()
