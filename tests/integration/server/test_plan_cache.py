"""Plans across requests, and across routers."""

from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import respond

NAMES = "query Names {products {name}}"
OVERRIDDEN = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION) { query: Query }
enum join__Graph {
  OLD @join__graph(name: "old", url: "app://old/graphql")
  NEW @join__graph(name: "new", url: "app://new/graphql")
}
type Query @join__type(graph: OLD) @join__type(graph: NEW) {
  a: String @join__field(graph: NEW, override: "old", overrideLabel: "beta")
    @join__field(graph: OLD, overrideLabel: "beta")
}
"""


async def planned(client: httpx.AsyncClient) -> tuple[float, float]:
    """How many requests found their plan, and how many did not."""
    lines = (await client.get("/metrics")).text.splitlines()
    counts = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")
    }
    name = 'apollo_router_cache_requests_total{{kind="query planner",result="{}"}}'
    return counts[name.format("hit")], counts[name.format("miss")]


async def post(client: httpx.AsyncClient, query: str, **more: Any) -> Any:
    return (await client.post("/graphql", json={"query": query, **more})).json()


async def test_documents_that_differ_in_form_share_a_plan(client: httpx.AsyncClient) -> None:
    await post(client, NAMES)
    await post(client, NAMES.replace(" ", "\n # names\n", 1))
    await post(client, NAMES + " query Other {node {__typename}}", operationName="Names")
    assert await planned(client) == (2, 1)


async def test_a_document_that_is_invalid_elsewhere_is_refused_though_the_plan_is_known(
    client: httpx.AsyncClient,
) -> None:
    await post(client, NAMES)
    answer = await post(client, NAMES + " query Other {nowhere}", operationName="Names")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_router_that_is_replaced_plans_what_it_was_asked_most(
    make_router: Any, client_of: Any, supergraph: Supergraph
) -> None:
    config = parse_config("supergraph: {query_planning: {warmed_up_queries: 1}}", {})
    router = make_router(config)
    async with client_of(create_router_app(router)) as client:
        for query in (NAMES, NAMES, "{nowhere}", "{node {__typename}}"):
            await post(client, query)
        assert await planned(client) == (1, 2)
        await router.replace(supergraph, config)
        await post(client, "query Names { products { name } }")
        assert await planned(client) == (2, 2)
        await post(client, "{node {__typename}}")
        assert await planned(client) == (2, 3)


@pytest.mark.parametrize(("header", "subgraph"), [("1", "new"), ("0", "old")])
async def test_a_plugin_decides_about_a_label_for_each_request(
    client_of: Any, header: str, subgraph: str
) -> None:
    def app(name: str) -> Any:
        async def answer(_scope: Any, _receive: Any, send: Any) -> None:
            await respond(send, f'{{"data":{{"a":"{name}"}}}}'.encode())

        return answer

    router = Router(
        Supergraph.from_sdl(OVERRIDDEN),
        apps={"old": app("old"), "new": app("new")},
        label_plugins=[lambda request, labels: labels if request.header(b"x-beta") == "1" else ()],
    )
    async with client_of(router) as client:
        for beta, expected in ((header, subgraph), ("1", "new"), ("0", "old")):
            answer = await client.post("/", json={"query": "{a}"}, headers={"x-beta": beta})
            assert answer.json() == {"data": {"a": expected}}
    await router.close()
