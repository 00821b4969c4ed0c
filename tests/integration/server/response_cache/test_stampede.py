"""Many who miss the same at the same time ask the subgraph once, and nobody gets by it what is not for them."""

import asyncio
from typing import Any

import pytest

from tests.integration.server.response_cache.conftest import MakeCached
from tests.integration.server.response_cache.graph import App, catalog

FORWARD = "headers: {all: {request: [{propagate: {named: authorization}}]}}\n"
SET_COOKIE = "headers: {all: {response: [{propagate: {named: set-cookie}}]}}\n"


class Slow:
    """The catalog, a little later."""

    def __init__(self, cache_control: bytes) -> None:
        self.app: App = catalog()
        self.app.headers = [(b"cache-control", cache_control)]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        await self.app(scope, receive, send)


async def ask(cached: Any, *tokens: str | None, query: str = "{me}") -> list[Any]:
    headers: list[dict[str, str]] = [{} if token is None else {"authorization": token} for token in tokens]
    return await asyncio.gather(
        *[cached.client.post("/graphql", json={"query": query}, headers=each) for each in headers]
    )


@pytest.mark.parametrize(("told", "requests"), [(b"max-age=60", 1), (b"no-store", 8), (b"private", 8)])
async def test_equal_misses_share_a_request_whose_answer_may_be_kept(
    make_cached: MakeCached, told: bytes, requests: int
) -> None:
    slow = Slow(told)
    cached = make_cached("ttl: 60s", catalog=slow)
    for answer in await ask(cached, *[None] * 8):
        assert answer.json() == {"data": {"me": None}}
    assert len(slow.app.requests) == requests


async def test_callers_do_not_share_a_request(make_cached: MakeCached) -> None:
    slow = Slow(b"max-age=60")
    cached = make_cached(config=FORWARD, catalog=slow)
    answers = await ask(cached, *"aabb")
    assert [answer.json()["data"]["me"] for answer in answers] == [*"aabb"]
    assert len(slow.app.requests) == 2


async def test_a_cookie_is_for_one_client(make_cached: MakeCached) -> None:
    slow = Slow(b"max-age=60")
    slow.app.headers.append((b"set-cookie", b"session=1"))
    cached = make_cached(config=SET_COOKIE, catalog=slow)
    answers = await ask(cached, *[None] * 4)
    assert len(slow.app.requests) == 1
    assert len([answer for answer in answers if "set-cookie" in answer.headers]) == 1


async def test_without_a_cache_that_answers_each_asks_for_itself(
    make_cached: MakeCached, tmp_path: Any
) -> None:
    slow = Slow(b"max-age=60")
    caching = f"{{all: {{redis: {{urls: ['unix://{tmp_path}/nothing.sock']}}}}}}"
    cached = make_cached(config=f"response_cache: {{enabled: true, subgraph: {caching}}}", catalog=slow)
    for answer in await ask(cached, *[None] * 4):
        assert answer.json() == {"data": {"me": None}}
    assert len(slow.app.requests) == 4
