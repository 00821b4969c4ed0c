"""The page over a graph that is not the platform's, served by `hansa serve`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Console


pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]

SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{
  query: Query
}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import

enum join__Graph {
  WEATHER @join__graph(name: "weather", url: "http://127.0.0.1:9/graphql")
}

enum link__Purpose {
  SECURITY
  EXECUTION
}

type Query @join__type(graph: WEATHER) {
  forecast: String
}
"""


@pytest.fixture(scope="module")
def served(
    chromium: Path, dist: Path, start_hansa: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The URL of a router over the graph above; its one subgraph is not asked here."""
    del chromium, dist
    supergraph = tmp_path_factory.mktemp("supergraph") / "supergraph.graphql"
    supergraph.write_text(SUPERGRAPH)
    return start_hansa("serve", "--supergraph", str(supergraph), "--listen", "127.0.0.1:{port}")


@pytest_asyncio.fixture(loop_scope="session")
async def console(open_console: Callable[[str], Awaitable[Console]], served: str) -> Console:
    return await open_console(served)


async def test_there_is_no_sign_in(console: Console) -> None:
    await expect(console.page.get_by_text("Hansa", exact=True)).to_be_visible()
    await expect(console.button("Sign in")).to_have_count(0)


async def test_the_one_tab_runs_on_every_graph(console: Console) -> None:
    await expect(console.page.get_by_role("tab")).to_have_count(1)

    assert '"__typename": "Query"' in await console.run()


async def test_the_documentation_shows_its_schema(console: Console) -> None:
    await console.button("Show Documentation Explorer").click()
    await console.page.get_by_role("link", name="Query", exact=True).click()

    await expect(console.page.get_by_text("forecast", exact=True)).to_be_visible()


async def test_the_plan_is_shown(console: Console) -> None:
    await console.write("{ forecast }")

    await expect(console.plan.locator(".hansa-fetch-subgraph")).to_have_text("weather")
