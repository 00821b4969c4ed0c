"""A document that was sent with its hash is found by the hash, in this router and in those that share a Valkey."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis.asyncio

from gateway.server.config import parse_config
from gateway.server.config.cache import Redis
from gateway.server.persisted_queries.stores import DocumentStore, LayeredDocuments, MemoryDocuments
from gateway.server.persisted_queries.valkey import ValkeyDocuments

QUERY = "{products(first: 1) {name}}"
ANSWER = {"data": {"products": [{"name": "Chair"}]}}
MakeClient = Callable[[str], httpx.AsyncClient]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def by_hash(text: str = QUERY, **members: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}, **members}


def error(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()["errors"][0]
    return answer.status_code, body["extensions"]["code"], body["message"]


@pytest.fixture
def client_with(make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]) -> MakeClient:
    """A client of a new router with the given configuration."""
    return lambda config: client_of(make_router(parse_config(config, {})))


async def test_a_hash_is_not_found_then_registered_then_found(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"accept": "application/graphql-response+json"}):
        unknown = await client.post("/graphql", json=by_hash(), headers=headers)
        assert error(unknown) == (200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        assert unknown.headers["cache-control"] == "private, no-cache, must-revalidate"
    assert (await client.post("/graphql", json=by_hash(query=QUERY))).json() == ANSWER
    assert (await client.post("/graphql", json=by_hash())).json() == ANSWER
    extensions = by_hash()["extensions"]
    extensions["persistedQuery"]["sha256Hash"] = digest(QUERY).upper()
    by_get = await client.get("/graphql", params={"extensions": json.dumps(extensions)})
    assert by_get.json() == ANSWER


async def test_a_hash_may_be_registered_by_get(client: httpx.AsyncClient) -> None:
    extensions = json.dumps(by_hash()["extensions"])
    assert (await client.get("/graphql", params={"query": QUERY, "extensions": extensions})).json() == ANSWER
    assert (await client.get("/graphql", params={"extensions": extensions})).json() == ANSWER


async def test_a_hash_that_is_not_the_documents_is_refused_and_nothing_is_kept(
    client: httpx.AsyncClient, subgraphs: dict[str, Any]
) -> None:
    for headers in ({}, {"accept": "application/graphql-response+json"}):
        answer = await client.post("/graphql", json=by_hash("{other}", query=QUERY), headers=headers)
        assert error(answer) == (400, "PERSISTED_QUERY_HASH_MISMATCH", "provided sha does not match query")
    for text in ("{other}", QUERY):
        assert error(await client.post("/graphql", json=by_hash(text)))[1] == "PERSISTED_QUERY_NOT_FOUND"
    assert subgraphs["products"].requests == []


async def test_a_mutation_by_its_hash_is_not_run_by_get(client: httpx.AsyncClient) -> None:
    text = 'mutation {rename(id: "1", name: "x") {name}}'
    assert (await client.post("/graphql", json=by_hash(text, query=text))).status_code == 200
    answer = await client.get("/graphql", params={"extensions": json.dumps(by_hash(text)["extensions"])})
    assert answer.status_code == 405


@pytest.mark.parametrize("extension", [1, {}, {"version": 2, "sha256Hash": "x"}, {"version": 1}])
async def test_an_extension_that_is_malformed_is_a_bad_request(
    client: httpx.AsyncClient, extension: object
) -> None:
    answer = await client.post("/graphql", json={"query": QUERY, "extensions": {"persistedQuery": extension}})
    assert error(answer)[:2] == (400, "BAD_REQUEST")


async def test_a_request_with_neither_document_nor_hash_is_told_what_is_missing(
    client: httpx.AsyncClient,
) -> None:
    for body in ({}, {"query": None}, {"query": ""}, {"extensions": {"other": 1}}):
        assert "`query` is missing" in error(await client.post("/graphql", json=body))[2]
    for url in ("/graphql", "/graphql?query="):
        assert "`query` is missing" in error(await client.get(url))[2]


async def test_a_router_without_apq_says_so(client_with: MakeClient) -> None:
    async with client_with("apq: {enabled: false}") as client:
        answer = await client.post("/graphql", json=by_hash())
        assert error(answer) == (200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")


async def test_the_documents_used_last_are_kept(client_with: MakeClient) -> None:
    async with client_with("apq: {router: {cache: {in_memory: {limit: 1}}}}") as client:
        for text in (QUERY, "{__typename}"):
            await client.post("/graphql", json=by_hash(text, query=text))
        assert error(await client.post("/graphql", json=by_hash(QUERY)))[1] == "PERSISTED_QUERY_NOT_FOUND"
        assert "data" in (await client.post("/graphql", json=by_hash("{__typename}"))).json()


def shared(url: str) -> str:
    return f"apq: {{router: {{cache: {{redis: {{urls: ['{url}'], namespace: ours, ttl: 1m}}}}}}}}"


async def wait_for(condition: Callable[[], Any]) -> None:
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.01)


async def test_routers_share_what_one_was_sent(client_with: MakeClient, redis_url: str) -> None:
    async with client_with(shared(redis_url)) as one, client_with(shared(redis_url)) as two:
        assert (await one.post("/graphql", json=by_hash(query=QUERY))).json() == ANSWER
        async with redis.asyncio.Redis.from_url(redis_url) as valkey:
            key = f"ours:apq:{digest(QUERY)}"
            await wait_for(lambda: valkey.exists(key))
            assert 0 < await valkey.ttl(key) <= 60
        assert (await two.post("/graphql", json=by_hash())).json() == ANSWER


async def test_what_others_wrote_under_a_wrong_hash_is_not_run(
    client_with: MakeClient, redis_url: str
) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as valkey:
        await valkey.set(f"ours:apq:{digest(QUERY)}", "{__typename}")
        await valkey.set(f"ours:apq:{digest('{x}')}", b"\xff")
        await valkey.lpush(f"ours:apq:{digest('{y}')}", "a list")
    async with client_with(shared(redis_url)) as client:
        for text in (QUERY, "{x}", "{y}"):
            assert error(await client.post("/graphql", json=by_hash(text)))[1] == "PERSISTED_QUERY_NOT_FOUND"


async def never_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await asyncio.sleep(30)
    finally:
        writer.close()


async def test_a_valkey_that_is_down_leaves_memory(client_with: MakeClient, tmp_path: Path) -> None:
    async with client_with(shared(f"unix://{tmp_path}/nowhere.sock")) as client:
        assert error(await client.post("/graphql", json=by_hash()))[1] == "PERSISTED_QUERY_NOT_FOUND"
        assert (await client.post("/graphql", json=by_hash(query=QUERY))).json() == ANSWER
        assert (await client.post("/graphql", json=by_hash())).json() == ANSWER


async def test_a_valkey_that_hangs_is_waited_for_once_a_second(tmp_path: Path) -> None:
    asked = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await never_answer(reader, writer)

    path = str(tmp_path / "hanging.sock")
    server = await asyncio.start_unix_server(hang, path)
    store = ValkeyDocuments(Redis(urls=(f"unix://{path}",)))
    for _ in range(5):
        assert await store.get("0") is None
        await store.put("0", "{a}")
    assert asked == 1
    await store.close()
    server.close()


@pytest.fixture(params=["memory", "valkey", "layered"])
async def store(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[DocumentStore]:
    valkey = ValkeyDocuments(Redis(urls=(redis_url,)))
    stores = {
        "memory": MemoryDocuments(10),
        "valkey": valkey,
        "layered": LayeredDocuments(MemoryDocuments(10), valkey),
    }
    yield stores[request.param]
    await valkey.close()


async def test_every_store_gives_what_it_was_given(store: DocumentStore) -> None:
    for text in ("{a}", "{naïve 🏊}"):
        assert await store.get(digest(text)) is None
        await store.put(digest(text), text)
        await store.put(digest(text), text)
        assert await store.get(digest(text)) == text
