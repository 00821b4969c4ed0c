"""GraphQL over HTTP, as a client sees it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

JSON = "application/json; charset=utf-8"
RESPONSE_JSON = "application/graphql-response+json; charset=utf-8"
NEW = {"accept": "application/graphql-response+json"}


async def ask(
    client: httpx.AsyncClient, query: str, headers: dict[str, str] | None = None, **members: Any
) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **members}, headers=headers)


async def test_a_query_over_two_subgraphs_is_answered(client: httpx.AsyncClient) -> None:
    answer = await ask(
        client, "query($n: Int!) {products(first: $n) {name reviews {body}}}", variables={"n": 1}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == JSON
    assert answer.json() == {"data": {"products": [{"name": "Chair", "reviews": [{"body": "Good Chair"}]}]}}


async def test_the_media_type_is_what_the_client_accepts(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "{__typename}", NEW)
    assert answer.headers["content-type"] == RESPONSE_JSON
    assert (await ask(client, "{__typename}", {"accept": "*/*"})).headers["content-type"] == JSON


async def test_a_client_that_accepts_nothing_we_have_gets_406(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "{__typename}", {"accept": "text/html"})
    assert answer.status_code == 406
    assert "application/graphql-response+json" in answer.json()["errors"][0]["message"]


async def test_a_query_by_get_is_answered(client: httpx.AsyncClient) -> None:
    parameters = {
        "query": "query Q($n: Int) {products(first: $n) {id}}",
        "variables": '{"n": 1}',
        "operationName": "Q",
    }
    answer = await client.get("/graphql", params=parameters)
    assert answer.json() == {"data": {"products": [{"id": "1"}]}}


async def test_a_mutation_by_get_is_405_and_not_run(
    client: httpx.AsyncClient, subgraphs: dict[str, Any]
) -> None:
    answer = await client.get("/graphql", params={"query": 'mutation {rename(id: "1", name: "x") {name}}'})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert subgraphs["products"].requests == []


async def test_a_mutation_by_post_is_run(client: httpx.AsyncClient) -> None:
    answer = await ask(client, 'mutation {rename(id: "1", name: "x") {name reviews {body}}}')
    assert answer.json() == {"data": {"rename": {"name": "x", "reviews": [{"body": "Good Chair"}]}}}


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "OPTIONS", "TRACE"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_another_content_type_is_415(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/graphql", content=b'{"query":"{__typename}"}', headers={"content-type": "application/xml"}
    )
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize("body", [b"{", b"{}", b'{"query":1}', b"\xff", b'{"query":"{a}","query":"{b}"}'])
async def test_a_body_that_is_no_request_is_400_for_every_media_type(
    client: httpx.AsyncClient, accept: str, body: bytes
) -> None:
    headers = {"content-type": "application/json", "accept": accept}
    answer = await client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"query": "{"}, "PARSING_ERROR", "Syntax Error: Expected Name, found <EOF>."),
        ({"query": "hello"}, "PARSING_ERROR", "Syntax Error: Unexpected Name 'hello'."),
        (
            {"query": "{nowhere}"},
            "GRAPHQL_VALIDATION_FAILED",
            "Cannot query field 'nowhere' on type 'Query'.",
        ),
        (
            {"query": "query A {__typename}", "operationName": "B"},
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
            "Unknown operation named 'B'.",
        ),
        (
            {"query": "query A {__typename} query B {__typename}"},
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
            "Must provide operation name if query contains multiple operations.",
        ),
        (
            {"query": "query($n: Int!) {products(first: $n) {id}}", "variables": {"n": "many"}},
            "VALIDATION_INVALID_TYPE_VARIABLE",
            "Variable '$n' has invalid value: Int cannot represent non-integer value: 'many'",
        ),
        (
            {"query": "query($n: Int!) {products(first: $n) {id}}"},
            "VALIDATION_INVALID_TYPE_VARIABLE",
            "Variable '$n' has invalid value: Expected a value of non-null type 'Int!' to be provided.",
        ),
    ],
)
async def test_an_operation_that_cannot_run_is_200_in_json_and_400_in_the_new_media_type(
    client: httpx.AsyncClient, members: dict[str, Any], code: str, message: str
) -> None:
    old = await client.post("/graphql", json=members)
    new = await client.post("/graphql", json=members, headers=NEW)
    assert (old.status_code, new.status_code) == (200, 400)
    assert old.json() == new.json()
    assert "data" not in old.json()
    error = old.json()["errors"][0]
    assert (error["extensions"]["code"], error["message"]) == (code, message)


async def test_all_mistakes_of_a_document_are_told_with_their_places(client: httpx.AsyncClient) -> None:
    errors = (await ask(client, "{\n nowhere\n nothing\n}")).json()["errors"]
    assert [error["locations"] for error in errors] == [
        [{"line": 2, "column": 2}],
        [{"line": 3, "column": 2}],
    ]


async def test_introspection_is_answered_without_a_subgraph(
    client: httpx.AsyncClient, subgraphs: dict[str, Any]
) -> None:
    answer = await ask(client, '{__type(name: "Product") {fields {name}}}')
    assert answer.json() == {
        "data": {"__type": {"fields": [{"name": "id"}, {"name": "name"}, {"name": "reviews"}]}}
    }
    assert not any(subgraph.requests for subgraph in subgraphs.values())


async def test_equal_documents_are_planned_once(
    make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]
) -> None:
    router = make_router()
    async with client_of(router) as client:
        for count in (1, 2, 3):
            await ask(client, "query($n: Int!) {products(first: $n) {id}}", variables={"n": count})
    assert router.registry.get_sample_value("apollo_router_query_planning_total_duration_seconds_count") == 1


@pytest.fixture
async def over_a_socket(
    make_router: Callable[..., Any], serve: Callable[..., Any]
) -> AsyncIterator[httpx.AsyncClient]:
    from gateway.server.app import create_router_app

    async with serve(create_router_app(make_router())) as url, httpx.AsyncClient(base_url=url) as http:
        yield http


async def test_the_answers_over_a_socket_are_the_same(
    client: httpx.AsyncClient, over_a_socket: httpx.AsyncClient
) -> None:
    for query in (
        "{products {name reviews {body}}}",
        "{nowhere}",
        "{",
        "{__schema {queryType {name}}}",
        "{failure}",
    ):
        for headers in ({}, NEW):
            here, there = await ask(client, query, headers), await ask(over_a_socket, query, headers)
            assert (here.status_code, here.json()) == (there.status_code, there.json())
            assert here.headers["content-type"] == there.headers["content-type"]
