"""graphql-ws and graphql-sse, as they come from npm, subscribe to the router, and ask it what else there is."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.server.config import LOCAL
from gateway.server.router import Router
from tests.conformance.javascript import install, run_beside
from tests.integration.subscriptions.graph import Changes, catalog_app, prices_app, supergraph

HERE = Path(__file__).parent
COUNTDOWN = "subscription { countdown(start: 2) { price name } }"
OTHERS = ["{ prices }", "mutation { touch }"]
COUNTED = [{"data": {"countdown": {"price": price, "name": "Chair"}}} for price in (2, 1, 0)]
ANSWERED = [[{"data": {"prices": 2}}], [{"data": {"touch": True}}]]


@pytest.fixture(scope="session")
def scripts() -> Path:
    install(HERE)
    return HERE


@pytest.fixture
async def router() -> Router:
    apps = {"prices": prices_app(Changes()), "catalog": catalog_app()}
    return Router(supergraph(), LOCAL, apps=apps)


async def run(router: Router, script: Path, *arguments: str) -> Any:
    return json.loads(await run_beside(router, script, *arguments))


async def test_graphql_ws(router: Router, scripts: Path) -> None:
    results = await run(router, scripts / "graphql_ws.mjs", COUNTDOWN, *OTHERS, "subscription { nothing }")
    assert results[:-1] == [COUNTED, *ANSWERED]
    ((refused,),) = [results[-1]]
    assert refused["thrown"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("mode", ["distinct", "single"])
async def test_graphql_sse(router: Router, scripts: Path, mode: str) -> None:
    arguments = (COUNTDOWN, *OTHERS, "subscription { nothing }")
    results = await run(router, scripts / "graphql_sse.mjs", mode, *arguments)
    assert results[:-1] == [COUNTED, *ANSWERED]
    ((refused,),) = [results[-1]]
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
