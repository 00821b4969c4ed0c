"""What clients are told about how long they may keep an answer, of which parts were cached."""

from typing import Any

import pytest

from common.telemetry import Telemetry
from common.telemetry.testing import otlp_receiver
from tests.integration.server.response_cache.conftest import Cached, MakeCached

PRODUCTS = "{products(first: %d) {id stock}}"


async def told(cached: Cached, query: str) -> str:
    answer = await cached.client.post("/graphql", json={"query": query})
    await cached.stored()
    return str(answer.headers["cache-control"])


def seconds(header: str) -> int:
    return int(header.removeprefix("max-age=").partition(",")[0])


async def test_the_shortest_time_of_all_parts_counts(make_cached: MakeCached) -> None:
    cached = make_cached()
    cached.stock.headers = [(b"cache-control", b"max-age=30")]
    assert await told(cached, PRODUCTS % 2) == "max-age=30"
    cached.stock.headers = [(b"cache-control", b"max-age=20")]
    for first in (2, 3, 3):
        assert 10 < seconds(await told(cached, PRODUCTS % first)) <= (30 if first == 2 else 20)
    assert len(cached.stock.requests) == 2


async def test_a_default_time_is_told_too(make_cached: MakeCached) -> None:
    cached = make_cached("ttl: 40s")
    cached.catalog.headers = []
    for _ in range(2):
        assert 30 < seconds(await told(cached, "{me}")) <= 40
    assert len(cached.catalog.requests) == 1


@pytest.mark.parametrize("query", ["{failure}", "{me failure}"])
async def test_errors_are_not_to_be_kept(make_cached: MakeCached, query: str) -> None:
    assert await told(make_cached(), query) == "no-store"


async def test_public_parts_make_a_public_answer_and_one_that_is_not_makes_none(
    make_cached: MakeCached,
) -> None:
    cached = make_cached(config="headers: {all: {request: [{propagate: {named: authorization}}]}}\n")
    for app in (cached.catalog, cached.stock):
        app.headers = [(b"cache-control", b"public, max-age=60")]
    cached.client.headers["authorization"] = "a"
    for _ in range(2):
        assert (await told(cached, PRODUCTS % 2)).endswith(", public")
    cached.stock.headers = [(b"cache-control", b"max-age=60")]
    for _ in range(2):
        assert "public" not in await told(cached, PRODUCTS % 3)


async def test_what_a_browser_may_keep_for_less_stays_so(make_cached: MakeCached) -> None:
    cached = make_cached()
    cached.catalog.headers = [(b"cache-control", b"max-age=0, s-maxage=60")]
    for _ in range(2):
        assert (await told(cached, "{me}")).startswith("max-age=0, s-maxage=")
    assert len(cached.catalog.requests) == 1


async def test_spans_tell_of_lookups_and_stores(make_cached: MakeCached) -> None:
    with otlp_receiver() as receiver:
        telemetry = Telemetry("router", {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint})
        cached = make_cached(telemetry=telemetry)
        for first in (2, 2, 3):
            await told(cached, PRODUCTS % first)
        telemetry.close()
        spans: Any = receiver.spans
    lookups = [span for span in spans if span.name == "response_cache.lookup"]
    at_stock = [s.attributes["cache.status"] for s in lookups if s.attributes["subgraph.name"] == "stock"]
    assert sorted(at_stock) == ["hit", "miss", "partial_hit"]
    assert [span.name for span in spans].count("response_cache.store") == 4
    assert [span.name for span in spans].count("http_request") == 4
