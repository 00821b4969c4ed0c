"""Large answers are compressed where the client takes it; requests may be, within the same limit."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config

LARGE = {"query": "{__schema {types {name fields {name type {name}}}}}"}
SMALL = {"query": "{__typename}"}
ANSWER = {"data": {"__typename": "Query"}}
LIMIT = 10_000


@pytest.fixture
async def raw(make_router: Callable[..., Any], serve: Callable[..., Any]) -> AsyncIterator[httpx.AsyncClient]:
    """A client over a socket, whose answers are read as they came."""
    config = parse_config(
        f"{{supergraph: {{introspection: true}}, limits: {{http_max_request_bytes: {LIMIT}}}}}", {}
    )
    async with serve(create_router_app(make_router(config))) as url, httpx.AsyncClient(base_url=url) as http:
        yield http


async def ask(client: httpx.AsyncClient, body: Any, accept: str) -> tuple[httpx.Headers, bytes]:
    async with client.stream("POST", "/graphql", json=body, headers={"accept-encoding": accept}) as answer:
        return answer.headers, b"".join([part async for part in answer.aiter_raw()])


async def test_a_large_answer_is_sent_in_the_coding_that_the_client_prefers(raw: httpx.AsyncClient) -> None:
    _, plain = await ask(raw, LARGE, "identity")
    for accept, decode in (
        ("gzip, deflate, br", gzip.decompress),
        ("gzip;q=0.5, deflate", zlib.decompress),
    ):
        headers, body = await ask(raw, LARGE, accept)
        assert headers["content-encoding"] in accept
        assert headers["vary"] == "Accept-Encoding"
        assert len(body) < len(plain) / 3
        assert decode(body) == plain


async def test_an_answer_goes_as_it_is_where_it_is_small_or_nothing_else_is_accepted(
    raw: httpx.AsyncClient,
) -> None:
    headers, body = await ask(raw, SMALL, "gzip")
    assert "content-encoding" not in headers
    assert json.loads(body) == ANSWER
    headers, body = await ask(raw, LARGE, "br, gzip;q=0")
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"
    assert "data" in json.loads(body)


async def test_a_very_large_answer_is_compressed_whole(raw: httpx.AsyncClient) -> None:
    fields = " ".join(f"a{index}:__typename" for index in range(400))
    roots = " ".join(f"b{index}:products(first:3){{...F}}" for index in range(10))
    headers, body = await ask(raw, {"query": f"{{{roots}}} fragment F on Product {{{fields}}}"}, "gzip")
    assert headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(body)) > 200_000
    assert "errors" not in json.loads(gzip.decompress(body))


async def send(client: httpx.AsyncClient, body: bytes, coding: str) -> httpx.Response:
    headers = {"content-type": "application/json", "content-encoding": coding}
    return await client.post("/graphql", content=body, headers=headers)


async def test_a_request_may_be_compressed(raw: httpx.AsyncClient) -> None:
    body = json.dumps(SMALL).encode()
    for coding, encoded in (
        ("gzip", gzip.compress(body, mtime=0)),
        ("GZIP", gzip.compress(body, mtime=0)),
        ("deflate", zlib.compress(body)),
        ("identity", body),
    ):
        assert (await send(raw, encoded, coding)).json() == ANSWER


async def test_the_limit_holds_for_what_a_body_decodes_to(raw: httpx.AsyncClient) -> None:
    query = json.dumps(SMALL).encode()
    assert (await send(raw, gzip.compress(query.ljust(LIMIT)), "gzip")).json() == ANSWER
    for bomb in (query.ljust(LIMIT + 1), bytes(50_000_000)):
        answer = await send(raw, gzip.compress(bomb, mtime=0)[: LIMIT - 1], "gzip")
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"


async def test_a_coding_that_is_not_ours_is_415_and_tells_ours(raw: httpx.AsyncClient) -> None:
    for coding in ("br", "zstd", "gzip, gzip", "x"):
        answer = await send(raw, b"{}", coding)
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, deflate")


@pytest.mark.parametrize(
    "body", [b"{}", gzip.compress(b"{}", mtime=0)[:-4], gzip.compress(b"{}", mtime=0) + b"x"]
)
async def test_a_coding_that_is_broken_is_a_bad_request(raw: httpx.AsyncClient, body: bytes) -> None:
    answer = await send(raw, body, "gzip")
    assert answer.status_code == 400
    assert "cannot be decoded" in answer.json()["errors"][0]["message"]


async def test_a_get_has_no_body_to_decode(raw: httpx.AsyncClient) -> None:
    answer = await raw.get("/graphql", params=SMALL, headers={"content-encoding": "gzip"})
    assert answer.json() == ANSWER
