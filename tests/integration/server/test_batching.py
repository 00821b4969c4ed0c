"""A JSON array of operations is answered by an array, where that is switched on."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.server.config import parse_config
from tests.integration.server.graph import products

ON = "batching: {enabled: true, mode: batch_http_link, maximum_size: 3}"
TYPENAME = {"query": "{__typename}"}
ANSWER = {"data": {"__typename": "Query"}}


@pytest.fixture
def client_with(
    make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]
) -> Callable[..., httpx.AsyncClient]:
    """A client of a router with a configuration."""
    return lambda config, **options: client_of(make_router(parse_config(config, {}), **options))


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_a_batch_is_refused_unless_it_is_switched_on(client: httpx.AsyncClient) -> None:
    for body in ([], [TYPENAME]):
        assert code(await client.post("/graphql", json=body)) == (400, "BATCHING_NOT_ENABLED")


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_batch_is_answered_in_order_with_each_entrys_own_errors(
    client_with: Callable[..., httpx.AsyncClient], accept: str
) -> None:
    async with client_with(ON) as client:
        product = {"query": "query($n: Int) {products(first: $n) {name}}", "variables": {"n": 1}}
        answer = await client.post(
            "/graphql", json=[product, {"query": "{nowhere}"}, TYPENAME], headers={"accept": accept}
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(accept)
        first, second, third = answer.json()
        assert first == {"data": {"products": [{"name": "Chair"}]}}
        assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert third == ANSWER


async def test_an_entry_that_is_no_request_is_told_in_its_place(
    client_with: Callable[..., httpx.AsyncClient],
) -> None:
    async with client_with(ON) as client:
        first, second, third = (await client.post("/graphql", json=[1, {}, TYPENAME])).json()
        assert [each["errors"][0]["extensions"]["code"] for each in (first, second)] == ["BAD_REQUEST"] * 2
        assert third == ANSWER


async def test_one_request_that_is_no_array_is_answered_as_ever(
    client_with: Callable[..., httpx.AsyncClient],
) -> None:
    async with client_with(ON) as client:
        assert (await client.post("/graphql", json=TYPENAME)).json() == ANSWER
        assert (
            await client.post("/graphql", content=b" \n[" + b'{"query":"{__typename}"}]')
        ).status_code == 415


async def test_a_batch_may_be_neither_empty_nor_too_long(
    client_with: Callable[..., httpx.AsyncClient],
) -> None:
    async with client_with(ON) as client:
        assert code(await client.post("/graphql", json=[])) == (400, "BAD_REQUEST")
        assert (await client.post("/graphql", json=[TYPENAME] * 3)).status_code == 200
        assert code(await client.post("/graphql", json=[TYPENAME] * 4)) == (422, "BATCH_LIMIT_EXCEEDED")


@pytest.mark.parametrize("body", [b"[", b"[1,]", b"[" * 100_000, b"[\xff]"])
async def test_an_array_that_is_not_json_is_a_bad_request(
    client_with: Callable[..., httpx.AsyncClient], body: bytes
) -> None:
    async with client_with(ON) as client:
        answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 200)
        answers = answer.json() if answer.status_code == 200 else [answer.json()]
        assert [each["errors"][0]["extensions"]["code"] for each in answers] == ["BAD_REQUEST"]


async def test_entries_run_at_once(client_with: Callable[..., httpx.AsyncClient]) -> None:
    app, together = products(), asyncio.Barrier(2)

    async def meeting(scope: Any, receive: Any, send: Any) -> None:
        async with asyncio.timeout(10):
            await together.wait()
        await app(scope, receive, send)

    async with client_with(ON, apps={"products": meeting}) as client:
        body = [
            {"query": "{products(first: 1) {id}}"},
            {"query": 'mutation {rename(id: "1", name: "x") {name}}'},
        ]
        assert (await client.post("/graphql", json=body)).json() == [
            {"data": {"products": [{"id": "1"}]}},
            {"data": {"rename": {"name": "x"}}},
        ]
