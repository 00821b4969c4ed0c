"""The npm package graphql-http audits the router as `hansa serve` runs it without a file."""

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


@pytest.fixture(scope="session")
def audit_script() -> Path:
    install(HERE)
    return HERE / "audit.mjs"


async def test_every_audit_is_passed(audit_script: Path) -> None:
    supergraph = Supergraph.from_sdl(SUPERGRAPH.read_text())
    router = Router(supergraph, LOCAL, apps={"products": products(), "reviews": reviews()})
    async with serving(create_router_app(router)) as url:
        process = await asyncio.create_subprocess_exec(
            "node", audit_script, f"{url}/graphql", env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    results = json.loads(output)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
