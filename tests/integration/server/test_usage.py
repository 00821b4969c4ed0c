"""Records of operations, as another service reads them from the event stream."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from common.embedded import NatsServer
from common.events import JetStreamLog
from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from gateway.server.usage.records import UsageRecord, UsageReported

LIMIT = 60.0
CLIENT = {"apollographql-client-name": "web", "apollographql-client-version": "1.2"}
NAMES = {"query": "query Names {products {name}}"}


async def read(nats_url: str, count: int) -> list[UsageRecord]:
    """The first `count` records."""
    log, found = JetStreamLog.open(nats_url), list[UsageRecord]()
    async with asyncio.timeout(LIMIT):
        while len(found) < count:
            for delivery in await log.fetch("test", ["router.usage.>"], 1.0):
                found += msgspec.json.decode(delivery.message.payload, type=UsageReported).records
                await delivery.acknowledge()
    await log.close()
    return found


def config(nats_url: str, more: str = "") -> Any:
    usage = f"telemetry: {{usage: {{nats: '{nats_url}'{more}}}}}"
    return parse_config(f"{usage}\nbatching: {{enabled: true, mode: batch_http_link}}", {})


async def ask(client: Any, bodies: Sequence[Any]) -> None:
    for body in bodies:
        await client.post("/graphql", json=body, headers=CLIENT)


async def test_every_operation_leaves_a_record(make_router: Any, client_of: Any, nats_url: str) -> None:
    async with client_of(create_router_app(make_router(config(nats_url)))) as client:
        both = [{"query": "{products {name reviews {body}}}"}, {"query": "query F {failure}"}]
        await ask(client, [NAMES, {"query": "query  Names{products{name}}"}, {"query": "{nowhere}"}, both])
        first, second, batched, failed = await read(nats_url, 4)
    assert (first.operation_name, first.operation_type, first.status) == ("Names", "query", 200)
    assert (first.client_name, first.client_version, first.errors) == ("web", "1.2", 0)
    assert first.subgraphs == ("products",)
    assert first.duration_ms > 0
    assert len(first.trace_id or "") == 32
    assert first.operation_hash == second.operation_hash != batched.operation_hash
    assert batched.subgraphs == ("products", "reviews")
    assert (failed.operation_name, failed.errors) == ("F", 1)


async def test_what_was_recorded_is_sent_when_the_router_closes(
    make_router: Any, client_of: Any, nats_url: str
) -> None:
    router = make_router(config(nats_url))
    async with client_of(create_router_app(router)) as client:
        await ask(client, [NAMES])
    await router.close()
    assert len(await read(nats_url, 1)) == 1


async def test_while_the_stream_is_down_some_are_kept_and_the_rest_is_dropped_and_counted(
    make_router: Any, client_of: Any, nats_server: NatsServer
) -> None:
    url = nats_server.url
    await nats_server.stop()
    async with client_of(create_router_app(make_router(config(url, ", buffer_size: 3")))) as client:
        await ask(client, [NAMES] * 5)
        metrics = (await client.get("/metrics")).text
        assert "hansa_router_dropped_usage_records_total 2.0" in metrics
        await nats_server.start()
        assert len(await read(url, 3)) == 3
