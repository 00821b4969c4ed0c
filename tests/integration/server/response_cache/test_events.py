"""Events of services make cached answers invalid."""

import asyncio
from uuid import uuid4

import msgspec

from common.embedded import NatsServer
from common.events import JetStreamLog, Message
from tests.integration.server.response_cache.conftest import Cached, MakeCached
from tests.integration.server.serving import serving

PRODUCTS = "{products(first: 3) {id name stock}}"
PRODUCT_2 = [{"kind": "cache_tag", "subgraphs": ["stock"], "cache_tag": "product-2"}]
PRODUCT_3 = [{"kind": "entity", "subgraph": "stock", "type": "Product", "key": {"id": "3"}}]


def make(make_cached: MakeCached, redis: str, nats_url: str) -> Cached:
    invalidation = f"{{events: {{url: '{nats_url}', subjects: [stock.invalidated, prices.invalidated]}}}}"
    caching = f"{{all: {{redis: {redis}}}}}"
    config = f"response_cache: {{enabled: true, invalidation: {invalidation}, subgraph: {caching}}}"
    return make_cached(config=config)


async def tell(log: JetStreamLog, subject: str, payload: bytes) -> None:
    await log.publish([Message(id=uuid4(), subject=subject, payload=payload, headers={})])


async def until_asked_for(cached: Cached, *ids: str) -> None:
    async with asyncio.timeout(30):
        while [*ids] not in cached.stock.representations():
            await cached.ask(PRODUCTS)
            await asyncio.sleep(0.05)


async def test_events_drop_what_they_name(make_cached: MakeCached, redis: str, nats_url: str) -> None:
    cached = make(make_cached, redis, nats_url)
    log = JetStreamLog.open(nats_url)
    async with serving(cached.app):
        await cached.ask(PRODUCTS)
        await tell(log, "stock.invalidated", b"nonsense")
        await tell(log, "stock.invalidated", msgspec.json.encode(PRODUCT_2))
        await until_asked_for(cached, "2")
        await tell(log, "prices.invalidated", msgspec.json.encode(PRODUCT_3))
        await until_asked_for(cached, "3")
    await log.close()
    assert cached.stock.representations() == [["1", "2", "3"], ["2"], ["3"]]


async def test_events_wait_for_a_log_that_is_down(
    make_cached: MakeCached, redis: str, nats_server: NatsServer
) -> None:
    cached = make(make_cached, redis, nats_server.url)
    await nats_server.stop()
    async with serving(cached.app):
        await cached.ask(PRODUCTS)
        await nats_server.start()
        log = JetStreamLog.open(nats_server.url)
        await tell(log, "stock.invalidated", msgspec.json.encode(PRODUCT_2))
        await until_asked_for(cached, "2")
        await log.close()
