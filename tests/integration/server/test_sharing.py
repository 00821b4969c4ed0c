"""Equal queries to a subgraph that are under way at the same time, through the router."""

import asyncio
from typing import Any

import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from tests.integration.server.graph import products

PASSING = "headers: {all: {request: [{propagate: {named: authorization}}]}}\n"
ON = PASSING + "traffic_shaping: {all: {deduplicate_query: true}}"
OFF_FOR_PRODUCTS = PASSING + (
    "traffic_shaping: {all: {deduplicate_query: true}, subgraphs: {products: {deduplicate_query: false}}}"
)


class Slow:
    """The products, a little later; `asked` counts requests."""

    def __init__(self) -> None:
        self.asked = 0
        self._app = products()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        await asyncio.sleep(0.1)
        await self._app(scope, receive, send)


async def ask(app: Any, client_of: Any, *callers: str, query: str = "{products {name}}") -> list[Any]:
    async with client_of(app) as client:
        headers = [{"authorization": caller} for caller in callers]
        answers = await asyncio.gather(
            *[client.post("/graphql", json={"query": query}, headers=each) for each in headers]
        )
        return [answer.json()["data"] for answer in answers]


@pytest.mark.parametrize(
    ("config", "callers", "requests"),
    [
        (ON, "aaaaa", 1),
        (ON, "aabbb", 2),
        (PASSING, "aaa", 3),
        (OFF_FOR_PRODUCTS, "aaa", 3),
    ],
)
async def test_callers_with_the_same_headers_share_a_request(
    make_router: Any, client_of: Any, config: str, callers: str, requests: int
) -> None:
    slow = Slow()
    router = make_router(parse_config(config, {}), apps={"products": slow})
    answers = await ask(router, client_of, *callers)
    assert answers == [{"products": [{"name": "Chair"}, {"name": "Table"}]}] * len(callers)
    assert slow.asked == requests


async def test_mutations_are_each_sent_and_the_metric_tells_what_was_not(
    make_router: Any, client_of: Any
) -> None:
    slow = Slow()
    app = create_router_app(make_router(parse_config(ON, {}), apps={"products": slow}))
    await ask(app, client_of, *"aaa", query='mutation {rename(id: "1", name: "x") {name}}')
    assert slow.asked == 3
    await ask(app, client_of, *"aaa")
    async with client_of(app) as client:
        metrics = (await client.get("/metrics")).text
    assert 'http_client_shared_requests_total{subgraph="products"} 2.0' in metrics
