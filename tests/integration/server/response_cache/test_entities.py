"""Entities and root fields that were answered before are not asked for again."""

from typing import Any

import pytest

from tests.integration.server.response_cache.conftest import MakeCached

PRODUCTS = "query Ask($first: Int! = 2) {products(first: $first) {id name stock}}"


def answer(*ids: int) -> Any:
    return {"data": {"products": [{"id": str(n), "name": f"P{n}", "stock": n * 10} for n in ids]}}


@pytest.mark.parametrize("times", [2, 4])
async def test_what_was_answered_is_not_asked_for_again(make_cached: MakeCached, times: int) -> None:
    """However an operation runs: typed from its second time on."""
    cached = make_cached()
    for _ in range(times):
        assert await cached.ask(PRODUCTS) == answer(1, 2)
    assert len(cached.catalog.requests) == 1
    assert len(cached.stock.requests) == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_only_missing_entities_are_asked_for(make_cached: MakeCached, times: int) -> None:
    cached = make_cached()
    await cached.ask(PRODUCTS, {"first": 3})
    for _ in range(times):
        assert await cached.ask(PRODUCTS, {"first": 5}) == answer(1, 2, 3, 4, 5)
    assert cached.stock.representations() == [["1", "2", "3"], ["4", "5"]]


async def test_entities_are_shared_by_operations_that_ask_the_same_of_them(make_cached: MakeCached) -> None:
    cached = make_cached()
    await cached.ask(PRODUCTS)
    await cached.ask("query Another {products(first: 3) {stock}}")
    assert cached.stock.representations() == [["1", "2"], ["3"]]


async def test_arguments_tell_answers_apart(make_cached: MakeCached) -> None:
    cached = make_cached()
    for first in (1, 2, 1, 2):
        assert await cached.ask(PRODUCTS, {"first": first}) == answer(*range(1, first + 1))
    assert len(cached.catalog.requests) == 2


async def test_a_missing_entity_is_asked_for_each_time(make_cached: MakeCached, amounts: Any) -> None:
    cached = make_cached()
    del amounts["2"]
    for _ in range(2):
        data = (await cached.ask(PRODUCTS))["data"]["products"]
        assert [product["stock"] for product in data] == [10, None]
    assert cached.stock.representations() == [["1", "2"], ["2"]]


async def test_an_answer_with_errors_is_not_stored(make_cached: MakeCached, amounts: Any) -> None:
    cached = make_cached(config="include_subgraph_errors: {all: true}\n")
    amounts["2"] = RuntimeError("counting")
    for _ in range(2):
        result = await cached.ask(PRODUCTS)
        assert [product["stock"] for product in result["data"]["products"]] == [10, None]
        assert [error["path"] for error in result["errors"]] == [["products", 1, "stock"]]
    assert cached.stock.representations() == [["1", "2"], ["1", "2"]]


@pytest.mark.parametrize("times", [1, 3])
async def test_an_error_beside_cached_entities_is_told_at_its_own_place(
    make_cached: MakeCached, amounts: Any, times: int
) -> None:
    cached = make_cached(config="include_subgraph_errors: {all: true}\n")
    await cached.ask(PRODUCTS, {"first": 3})
    amounts["5"] = RuntimeError("counting")
    for _ in range(times):
        result = await cached.ask(PRODUCTS, {"first": 5})
        assert [product["stock"] for product in result["data"]["products"]] == [10, 20, 30, 40, None]
        assert [error["path"] for error in result["errors"]] == [["products", 4, "stock"]]


async def test_a_failing_root_field_is_asked_each_time(make_cached: MakeCached) -> None:
    cached = make_cached()
    for _ in range(2):
        assert (await cached.ask("{failure}"))["errors"]
    assert len(cached.catalog.requests) == 2


async def test_mutations_are_sent_each_time_and_read_nothing_from_the_cache(
    make_cached: MakeCached, amounts: Any
) -> None:
    cached = make_cached()
    await cached.ask(PRODUCTS)
    amounts["1"] = 11
    for _ in range(2):
        result = await cached.ask('mutation {touch(id: "1") {name stock}}')
        assert result == {"data": {"touch": {"name": "touched", "stock": 11}}}
    assert len(cached.catalog.requests) == 3
    assert cached.stock.representations() == [["1", "2"], ["1"], ["1"]]


async def test_routers_share_what_they_store(make_cached: MakeCached) -> None:
    one, other = make_cached(), make_cached()
    await one.ask(PRODUCTS)
    assert await other.ask(PRODUCTS) == answer(1, 2)
    assert not other.catalog.requests
    assert not other.stock.requests


async def test_another_namespace_has_entries_of_its_own(make_cached: MakeCached, redis: str) -> None:
    await make_cached().ask(PRODUCTS)
    cache = f"{{all: {{redis: {redis[:-1]}, namespace: mine}}}}}}"
    other = make_cached(config=f"response_cache: {{enabled: true, subgraph: {cache}}}")
    await other.ask(PRODUCTS)
    assert len(other.catalog.requests) == 1


async def test_a_subgraph_can_be_left_out(make_cached: MakeCached, redis: str) -> None:
    subgraph = f"{{all: {{redis: {redis}}}, subgraphs: {{stock: {{enabled: false}}}}}}"
    cached = make_cached(config=f"response_cache: {{enabled: true, subgraph: {subgraph}}}")
    for _ in range(2):
        assert await cached.ask(PRODUCTS) == answer(1, 2)
    assert len(cached.catalog.requests) == 1
    assert len(cached.stock.requests) == 2


async def test_another_schema_or_url_of_a_subgraph_reads_nothing_old(make_cached: MakeCached) -> None:
    await make_cached().ask(PRODUCTS)
    other = make_cached(config="override_subgraph_url: {stock: 'app://stock/other'}\n")
    assert await other.ask(PRODUCTS) == answer(1, 2)
    assert not other.catalog.requests
    assert len(other.stock.requests) == 1


async def test_debug_tells_where_each_part_came_from(make_cached: MakeCached, redis: str) -> None:
    subgraph = f"{{all: {{redis: {redis}}}}}"
    cached = make_cached(config=f"response_cache: {{enabled: true, debug: true, subgraph: {subgraph}}}")
    await cached.ask(PRODUCTS)
    told = (await cached.ask(PRODUCTS, {"first": 3}))["extensions"]["apolloCacheDebugging"]["data"]
    assert [(each["subgraphName"], each["type"], each["source"]) for each in told] == [
        ("catalog", "Query", "subgraph"),
        ("stock", "Product", "cache"),
        ("stock", "Product", "cache"),
        ("stock", "Product", "subgraph"),
    ]
    assert ["cache_tag", "catalog", "first-3"] in told[0]["invalidationKeys"]
    assert ["entity", "stock", "Product", {"id": "1"}] in told[1]["invalidationKeys"]
    assert told[0]["cacheControl"] == "max-age=60"


async def test_metrics_count_what_was_there(make_cached: MakeCached) -> None:
    cached = make_cached()
    for first in (2, 2, 3):
        await cached.ask(PRODUCTS, {"first": first})
    metrics = (await cached.client.get("/metrics")).text
    name = "apollo_router_response_cache_total"
    for status in ("hit", "miss", "partial_hit"):
        labels = f'{{cache_status="{status}",graphql_type="Product",subgraph="stock"}}'
        assert f"{name}{labels} 1.0" in metrics


async def test_answers_from_the_cache_count_in_the_actual_cost_of_an_operation(
    make_cached: MakeCached,
) -> None:
    strategy = "{static_estimated: {list_size: 5, max: 100}}"
    cached = make_cached(config=f"demand_control: {{enabled: true, strategy: {strategy}}}\n")
    for first, cost in ((2, 2 + 2), (3, 2 + 2 + 3 + 3)):
        await cached.ask("query ($n: Int!) {products(first: $n) {id stock}}", {"n": first})
        result = {"cost_result": "COST_OK"}
        assert cached.router.registry.get_sample_value("cost_actual_sum", result) == cost
    assert len(cached.stock.requests[-1]["variables"]["representations"]) == 1
