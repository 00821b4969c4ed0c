"""What one request may ask for, and what a client gets that asks for more."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config

NEW = {"accept": "application/graphql-response+json"}


def deep(levels: int) -> str:
    return "{node" + "{next" * (levels - 1) + "{__typename}" + "}" * levels


async def refusal(client: httpx.AsyncClient, query: str) -> tuple[int, str, str]:
    answer = await client.post("/graphql", json={"query": query}, headers=NEW)
    error = answer.json()["errors"][0]
    return answer.status_code, error["extensions"]["code"], error["message"]


@pytest.mark.parametrize("levels", [200, 5_000, 100_000])
async def test_a_query_that_is_too_deep_is_refused(client: httpx.AsyncClient, levels: int) -> None:
    assert await refusal(client, deep(levels)) == (
        400,
        "PARSING_ERROR",
        "The document nests deeper than 150 brackets",
    )


async def test_a_query_that_is_deeper_than_max_depth_is_refused(client: httpx.AsyncClient) -> None:
    assert await refusal(client, deep(120)) == (
        400,
        "MAX_DEPTH_LIMIT",
        "The operation nests fields deeper than 100",
    )


async def test_a_query_of_the_deepest_kind_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": deep(99)})
    assert "errors" not in answer.json()


async def test_no_configuration_lets_a_query_exhaust_the_stack(make_router: Any, client_of: Any) -> None:
    config = parse_config("limits: {parser_max_recursion: 100000, max_depth: 100000}", {})
    async with client_of(make_router(config)) as client:
        for levels in (200, 500, 2_000, 7_000):
            status, code, _ = await refusal(client, deep(levels))
            assert (status, code) == (400, "PARSING_ERROR")


@pytest.mark.parametrize(
    "query",
    [
        "query($x: Int = " + "[" * 100_000 + ") {__typename}",
        "{products(first: " + "{a:" * 1_000 + "1" + "}" * 1_000 + ") {id}}",
        "{...F} " + " ".join(f"fragment F{i} on Query {{...F{i + 1}}}" for i in range(2_000)),
        "{" + " ".join(f"a{i}: __typename" for i in range(20_000)) + "}",
        "{__typename #" + "{" * 1_000_000 + "\n nowhere}",
    ],
)
async def test_other_documents_that_are_too_much_are_refused(client: httpx.AsyncClient, query: str) -> None:
    status, code, _ = await refusal(client, query)
    assert status == 400
    assert code in ("PARSING_ERROR", "GRAPHQL_VALIDATION_FAILED")


async def test_variables_that_are_nested_too_deeply_are_refused(client: httpx.AsyncClient) -> None:
    for levels in (500, 5_000):
        body = (
            b'{"query":"query($n: Int) {products(first: $n) {id}}","variables":{"n":'
            + b"[" * levels
            + b"]" * levels
            + b"}}"
        )
        answer = await client.post(
            "/graphql", content=body, headers={**NEW, "content-type": "application/json"}
        )
        assert answer.status_code == 400


async def test_a_body_of_5_mb_is_413_without_reading_it(make_router: Any, serve: Callable[..., Any]) -> None:
    async with serve(create_router_app(make_router())) as url:
        reader, writer = await connect(url)
        writer.write(head("content-length: 5000000"))
        assert await reader.readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"
        assert b"REQUEST_TOO_LARGE" in await reader.readuntil(b"}]}")
        writer.close()


async def test_a_body_of_5_mb_that_is_sent_whole_is_413(make_router: Any, serve: Callable[..., Any]) -> None:
    async with serve(create_router_app(make_router())) as url, httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/graphql", json={"query": " " * 5_000_000})
        assert answer.status_code == 413
        assert (await client.post(f"{url}/graphql", json={"query": "{__typename}"})).status_code == 200


async def test_an_endless_body_of_unknown_length_is_413(make_router: Any, serve: Callable[..., Any]) -> None:
    async with serve(create_router_app(make_router())) as url:
        reader, writer = await connect(url)
        writer.write(head("transfer-encoding: chunked"))
        sending = asyncio.create_task(send_forever(writer))
        assert await reader.readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"
        sending.cancel()
        writer.close()


async def test_a_client_that_never_sends_its_body_gets_504(
    make_router: Any, serve: Callable[..., Any]
) -> None:
    config = parse_config("traffic_shaping:\n  router:\n    timeout: 200ms", {})
    async with serve(create_router_app(make_router(config))) as url:
        reader, writer = await connect(url)
        writer.write(head("content-length: 10") + b"{")
        assert await reader.readline() == b"HTTP/1.1 504 Gateway Timeout\r\n"
        writer.close()


async def test_introspection_is_refused_where_it_is_off(make_router: Any, client_of: Any) -> None:
    async with client_of(make_router(parse_config("", {}))) as client:
        assert await refusal(client, "{__schema {queryType {name}}}") == (
            400,
            "INTROSPECTION_DISABLED",
            "Introspection is switched off",
        )
        answer = await client.post("/graphql", json={"query": "{__typename}"})
        assert answer.json() == {"data": {"__typename": "Query"}}


async def test_limits_may_stand_below_router_as_apollo_writes_them(make_router: Any, client_of: Any) -> None:
    limits = "{max_depth: 50, router: {max_root_fields: 1, max_depth: 2, http_max_request_bytes: 200}}"
    router = make_router(parse_config(f"limits: {limits}", {}))
    async with client_of(router) as client:
        assert (await refusal(client, "{a: products {id} b: products {id}}"))[1] == "MAX_ROOT_FIELDS_LIMIT"
        assert (await refusal(client, "{node {next {__typename}}}"))[1] == "MAX_DEPTH_LIMIT"
        assert (await refusal(client, "{__typename}" + " " * 200))[:2] == (413, "REQUEST_TOO_LARGE")
        assert "errors" not in (await client.post("/graphql", json={"query": "{products {id}}"})).json()
    sample = router.registry.get_sample_value
    assert sample("hansa_router_limits_exceeded_total", {"limit": "max_root_fields"}) == 1


async def test_introspection_that_nests_lists_is_refused(client: httpx.AsyncClient) -> None:
    lists = "fields {type {" * 3 + "name" + "}}" * 3
    status, code, message = await refusal(client, f"{{__schema {{types {{{lists}}}}}}}")
    assert (status, code, message) == (
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "Maximum introspection depth exceeded",
    )


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


def head(header: str) -> bytes:
    return f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{header}\r\n\r\n".encode()


async def send_forever(writer: asyncio.StreamWriter) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while True:
        writer.write(chunk)
        await writer.drain()
