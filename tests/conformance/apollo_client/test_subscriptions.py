"""Apollo Client subscribes over HTTP, by its multipart protocol."""

import json
from pathlib import Path

import pytest

from gateway.server.asgi import ASGIApp
from gateway.server.config import LOCAL
from gateway.server.router import Router
from tests.conformance.javascript import install, run_beside
from tests.integration.subscriptions.graph import Changes, catalog_app, prices_app, supergraph

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def script() -> Path:
    install(HERE)
    return HERE / "subscribe.mjs"


@pytest.fixture
async def apps() -> dict[str, ASGIApp]:
    return {"prices": prices_app(Changes()), "catalog": catalog_app()}


async def test_apollo_client_is_told_of_each_event_and_the_end(
    script: Path, apps: dict[str, ASGIApp]
) -> None:
    router = Router(supergraph(), LOCAL, apps=apps)
    output = await run_beside(router, script, "subscription { countdown(start: 2) { price name } }")
    told = [state["data"]["countdown"] for state in json.loads(output)]
    assert [(each["price"], each["name"]) for each in told] == [(2, "Chair"), (1, "Chair"), (0, "Chair")]


async def test_apollo_client_is_told_what_ended_a_stream(script: Path, apps: dict[str, ASGIApp]) -> None:
    router = Router(supergraph("http://127.0.0.1:9/graphql"), LOCAL, apps=apps)
    output = await run_beside(router, script, "subscription { countdown(start: 2) { price } }")
    assert "Request to subgraph 'prices' failed" in json.dumps(json.loads(output)[-1])
