"""What subgraphs say beside their data reaches the client."""

from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from tests.integration.server.graph import SubgraphApp

RULES = """
headers:
  all:
    response:
      - propagate: {named: set-cookie}
      - propagate: {named: cache-control}
      - propagate: {named: x-served-by, algorithm: append}
"""
BOTH = {"query": "{products {name reviews {body}}}"}


def saying(app: SubgraphApp, *headers: tuple[str, str]) -> Any:
    """The app, whose answers have these headers, too."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.encode(), value.encode()) for name, value in headers]
            await send(message)

        await app(scope, receive, add)

    return asgi


@pytest.fixture
def apps(subgraphs: dict[str, SubgraphApp]) -> dict[str, Any]:
    return {
        "products": saying(
            subgraphs["products"],
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "b=2; Path=/"),
            ("cache-control", "max-age=60"),
            ("x-served-by", "p"),
        ),
        "reviews": saying(
            subgraphs["reviews"],
            ("set-cookie", "c=3; Path=/"),
            ("cache-control", "max-age=30, private"),
            ("x-served-by", "r"),
        ),
    }


async def test_all_cookies_of_all_subgraphs_arrive_over_the_wire(
    make_router: Any, apps: dict[str, Any], serve: Any
) -> None:
    async with serve(apps["products"]) as products, serve(apps["reviews"]) as reviews:
        urls = f"override_subgraph_url: {{products: {products}/graphql, reviews: {reviews}/graphql}}"
        router = create_router_app(make_router(parse_config(RULES + urls, {})))
        async with serve(router) as url, httpx.AsyncClient() as client:
            answer = await client.post(f"{url}/graphql", json=BOTH)
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/", "c=3; Path=/"]
    assert answer.headers["cache-control"] == "max-age=30, private"
    assert answer.headers.get_list("x-served-by") == ["p", "r"]


async def test_headers_arrive_beside_demand_control(
    make_router: Any, client_of: Any, apps: dict[str, Any]
) -> None:
    control = "demand_control: {enabled: true, strategy: {static_estimated: {list_size: 2, max: 10}}}"
    router = make_router(parse_config(RULES + control, {}), apps=apps)
    async with client_of(router) as client:
        answer = await client.post("/graphql", json=BOTH)
    assert answer.headers.get_list("x-served-by") == ["p", "r"]
    result = {"cost_result": "COST_OK"}
    assert router.registry.get_sample_value("cost_actual_sum", result) == 2 + 2 * (1 + 1)


async def test_nothing_arrives_without_a_rule(make_router: Any, client_of: Any, apps: dict[str, Any]) -> None:
    async with client_of(make_router(apps=apps)) as client:
        answer = await client.post("/graphql", json=BOTH)
    assert not {"set-cookie", "cache-control", "x-served-by"} & answer.headers.keys()


async def test_what_one_subgraph_says_counts_alone_where_no_other_is_asked(
    make_router: Any, client_of: Any, apps: dict[str, Any]
) -> None:
    async with client_of(make_router(parse_config(RULES, {}), apps=apps)) as client:
        answer = await client.post("/graphql", json={"query": "{products {name}}"})
        nothing = await client.post("/graphql", json={"query": "{__typename}"})
    assert answer.headers["cache-control"] == "max-age=60"
    assert "cache-control" not in nothing.headers


async def test_an_answer_with_errors_is_not_kept(
    make_router: Any, client_of: Any, apps: dict[str, Any]
) -> None:
    async with client_of(make_router(parse_config(RULES, {}), apps=apps)) as client:
        answer = await client.post("/graphql", json={"query": "{failure products {name}}"})
    assert answer.json()["errors"]
    assert answer.headers["cache-control"] == "no-store"


async def test_caches_are_told_nothing_of_a_mutation(
    make_router: Any, client_of: Any, apps: dict[str, Any]
) -> None:
    async with client_of(make_router(parse_config(RULES, {}), apps=apps)) as client:
        answer = await client.post("/graphql", json={"query": 'mutation {rename(id: "1", name: "x") {name}}'})
    assert answer.json()["data"]
    assert "cache-control" not in answer.headers
    assert "set-cookie" in answer.headers


async def test_the_operations_of_a_batch_share_one_header(
    make_router: Any, client_of: Any, apps: dict[str, Any]
) -> None:
    config = parse_config(RULES + "batching: {enabled: true}", {})
    async with client_of(make_router(config, apps=apps)) as client:
        answer = await client.post("/graphql", json=[{"query": "{products {name}}"}, BOTH])
    assert answer.headers["cache-control"] == "max-age=30, private"
    assert answer.headers.get_list("set-cookie").count("c=3; Path=/") == 1


async def test_the_first_part_of_an_answer_in_parts_is_not_kept(
    make_router: Any, client_of: Any, apps: dict[str, Any]
) -> None:
    query = {"query": "{products {name ... @defer {reviews {body}}}}"}
    accept = {"accept": "multipart/mixed;deferSpec=20220824, application/json"}
    async with client_of(make_router(parse_config(RULES, {}), apps=apps)) as client:
        answer = await client.post("/graphql", json=query, headers=accept)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]


async def test_a_header_of_the_clients_connection_is_not_sent_on(make_router: Any, client_of: Any) -> None:
    config = parse_config("headers: {all: {request: [{propagate: {matching: .*}}]}}", {})
    hop = {"connection": "close, X-Hop", "x-hop": "1", "x-end": "2"}
    async with client_of(make_router(config)) as client:
        answer = await client.post("/graphql", json={"query": "{headers}"}, headers=hop)
    sent = answer.json()["data"]["headers"]
    assert "x-end: 2" in sent
    assert "x-hop: 1" not in sent
