"""Once an invalidation has returned, no router gives an answer from before it, whatever happens at the same time."""

import asyncio
import random
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from tests.integration.server.response_cache.conftest import Cached, MakeCached, patient
from tests.integration.server.response_cache.graph import App, stock

IDS = [str(number) for number in range(1, 6)]
ROUNDS = 40
QUERIES = [f"query Q {{products(first: {first}) {{id stock}}}}" for first in (2, 3, 5)]


class Late:
    """A subgraph that takes its time before it looks, and before it tells what it saw."""

    def __init__(self, app: App, chance: random.Random) -> None:
        self.app = app
        self._chance = chance

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_late(message: Any) -> None:
            await self._pause()
            await send(message)

        if scope["type"] == "http":
            await self._pause()
        await self.app(scope, receive, send_late)

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.004, 0.015)))


class History:
    """What was acknowledged, and whether what is read is at least as new."""

    def __init__(self, routers: list[Cached], amounts: dict[str, int], chance: random.Random) -> None:
        self._routers = routers
        self._amounts = amounts
        self._chance = chance
        self._acknowledged = dict(amounts)
        self.stale: list[tuple[str, int, int]] = []

    async def read(self) -> None:
        router = self._chance.choice(self._routers)
        expected = dict(self._acknowledged)
        answer = await router.client.post("/graphql", json={"query": self._chance.choice(QUERIES)})
        body = msgspec.json.decode(answer.content)
        assert "errors" not in body
        for product in body["data"]["products"]:
            if product["stock"] < expected[product["id"]]:
                self.stale.append((product["id"], product["stock"], expected[product["id"]]))

    async def write(self) -> None:
        id_ = self._chance.choice(IDS)
        self._amounts[id_] += 1
        written = self._amounts[id_]
        await asyncio.sleep(self._chance.choice((0, 0.002)))
        router = self._chance.choice(self._routers)
        answer = await router.client.post(
            "/invalidation", json=[self._request(id_)], headers={"authorization": "key"}
        )
        assert answer.status_code == 202
        self._acknowledged[id_] = max(written, self._acknowledged[id_])

    def _request(self, id_: str) -> dict[str, Any]:
        return self._chance.choice(
            (
                {"kind": "entity", "subgraph": "stock", "type": "Product", "key": {"id": id_}},
                {"kind": "cache_tag", "subgraphs": ["stock"], "cache_tag": f"product-{id_}"},
                {"kind": "cache_tag", "subgraphs": ["stock"], "cache_tag": f"own-{id_}"},
                {"kind": "type", "subgraph": "stock", "type": "Product"},
                {"kind": "subgraph", "subgraph": "stock"},
            )
        )


async def repeat(work: Any, chance: random.Random) -> None:
    for _ in range(ROUNDS):
        await work()
        await asyncio.sleep(chance.choice((0, 0.001, 0.005)))


async def forget(url: str, chance: random.Random) -> None:
    """The server drops keys, as one does whose memory is full."""
    async with Redis.from_url(url) as valkey:
        for _ in range(ROUNDS):
            key = await valkey.randomkey()
            if key is not None:
                await valkey.delete(key)
            await asyncio.sleep(chance.choice((0.001, 0.01)))


@pytest.mark.parametrize("server", ["steady", "forgetful"])
@pytest.mark.parametrize("seed", range(2))
async def test_no_read_is_stale_after_an_invalidation_has_returned(
    make_cached: MakeCached, redis_url: str, amounts: Any, seed: int, server: str
) -> None:
    chance = random.Random(seed)
    config = (
        f"response_cache: {{enabled: true, subgraph: {{all: {{redis: {patient(redis_url)}, "
        "invalidation: {enabled: true, shared_key: key}}}}"
    )
    subgraph = stock(amounts)
    subgraph.entity_tag = "own-"
    routers = [make_cached(config=config, stock=Late(subgraph, chance)) for _ in range(2)]
    history = History(routers, amounts, chance)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(6):
            tasks.create_task(repeat(history.read, chance))
        for _ in range(2):
            tasks.create_task(repeat(history.write, chance))
        if server == "forgetful":
            tasks.create_task(forget(redis_url, chance))
    assert history.stale == []
    metrics = [(await router.client.get("/metrics")).text for router in routers]
    for status in ("hit", "miss", "partial_hit"):
        assert any(f'cache_status="{status}",graphql_type="Product"' in text for text in metrics)
