"""Apollo Client shows what the router defers, as it comes."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.server.app import create_router_app
from gateway.server.config import LOCAL
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.conformance.javascript import ENVIRONMENT, install
from tests.integration.server.graph import products, reviews
from tests.integration.server.serving import serving

HERE = Path(__file__).parent
SUPERGRAPH = HERE.parents[1] / "integration/server/supergraph.graphql"
OPERATION = "{ products { id name ... @defer { reviews { body } } } }"


@pytest.fixture(scope="session")
def script() -> Path:
    install(HERE)
    return HERE / "defer.mjs"


async def test_apollo_client_shows_the_first_part_and_then_the_whole(script: Path) -> None:
    supergraph = Supergraph.from_sdl(SUPERGRAPH.read_text())
    router = Router(supergraph, LOCAL, apps={"products": products(), "reviews": reviews()})
    async with serving(create_router_app(router)) as url:
        process = await asyncio.create_subprocess_exec(
            "node", script, f"{url}/graphql", OPERATION, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    first, *_, last = [state["data"]["products"] for state in json.loads(output)]
    assert [list(product) for product in first] == [["__typename", "id", "name"]] * 2
    assert [product["reviews"][0]["body"] for product in last] == ["Good Chair", "Good Table"]
