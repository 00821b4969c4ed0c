"""The router over two real subgraphs, in this process, and over sockets where the wire is the subject."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.asgi import ASGIApp
from gateway.server.config import LOCAL, RouterConfig
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import SubgraphApp, products, reviews
from tests.integration.server.serving import serving

MakeRouter = Callable[..., Router]
Serve = Callable[[ASGIApp], AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
def supergraph_sdl() -> str:
    return (Path(__file__).parent / "supergraph.graphql").read_text()


@pytest.fixture(scope="session")
def supergraph(supergraph_sdl: str) -> Supergraph:
    return Supergraph.from_sdl(supergraph_sdl)


@pytest.fixture
def subgraphs() -> dict[str, SubgraphApp]:
    return {"products": products(), "reviews": reviews()}


@pytest.fixture
async def make_router(supergraph: Supergraph, subgraphs: dict[str, SubgraphApp]) -> AsyncIterator[MakeRouter]:
    """Makes a router for a configuration; `subgraphs` answer it in process unless `apps` replace them."""
    made: list[Router] = []

    def make(config: RouterConfig = LOCAL, *, apps: dict[str, Any] | None = None, **options: Any) -> Router:
        made.append(Router(supergraph, config, apps={**subgraphs, **(apps or {})}, **options))
        return made[-1]

    yield make
    for router in made:
        await router.close()


@pytest.fixture
def client_of() -> Callable[[ASGIApp], httpx.AsyncClient]:
    """An HTTP client of an ASGI app, with no socket."""
    return lambda app: httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://router")


@pytest.fixture
async def client(
    make_router: MakeRouter, client_of: Callable[..., httpx.AsyncClient]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole app of a router without a configuration."""
    async with client_of(create_router_app(make_router())) as http:
        yield http


@pytest.fixture
def serve() -> Serve:
    """Serves an app on a free port; gives the URL of its root."""
    return serving
