"""Apollo Router's invalidation endpoint: what it drops, and whom it lets."""

from typing import Any

import httpx
import pytest

from gateway.server.app import apps_beside
from gateway.server.health import Health
from tests.integration.server.response_cache.conftest import Cached, MakeCached
from tests.integration.server.serving import serving

PRODUCTS = "{products(first: 3) {id name stock}}"
KEY = {"authorization": "all-key"}


@pytest.fixture
def make_open(make_cached: MakeCached, redis: str) -> Any:
    """Makes a router whose endpoint is open."""

    def make(invalidation: str = "{}", redis: str = redis) -> Cached:
        config = (
            f"response_cache: {{enabled: true, invalidation: {invalidation}, subgraph: {{"
            f"all: {{redis: {redis}, invalidation: {{enabled: true, shared_key: all-key}}}}, "
            "subgraphs: {stock: {invalidation: {enabled: true, shared_key: stock-key}}}}}"
        )
        return make_cached(config=config)

    return make


async def invalidate(cached: Cached, *requests: Any, headers: Any = KEY, path: str = "/invalidation") -> Any:
    return await cached.client.post(path, json=list(requests), headers=headers)


async def asked(cached: Cached) -> tuple[int, list[list[str]]]:
    """How often the catalog was asked for the products, and for the stock of which ones."""
    cached.catalog.requests.clear()
    cached.stock.requests.clear()
    await cached.ask(PRODUCTS)
    return len(cached.catalog.requests), cached.stock.representations()


@pytest.mark.parametrize(
    ("request_", "count", "catalog", "stock"),
    [
        ({"kind": "subgraph", "subgraph": "stock"}, 3, 0, [["1", "2", "3"]]),
        ({"kind": "subgraph", "subgraph": "catalog"}, 1, 1, []),
        ({"kind": "type", "subgraph": "stock", "type": "Product"}, 3, 0, [["1", "2", "3"]]),
        ({"kind": "type", "subgraph": "catalog", "type": "Query"}, 1, 1, []),
        ({"kind": "type", "subgraph": "catalog", "type": "Product"}, 0, 0, []),
        ({"kind": "cache_tag", "subgraphs": ["stock"], "cache_tag": "product-2"}, 1, 0, [["2"]]),
        ({"kind": "cache_tag", "subgraphs": ["catalog", "stock"], "cache_tag": "products"}, 1, 1, []),
        ({"kind": "cache_tag", "subgraphs": ["catalog"], "cache_tag": "first-3"}, 1, 1, []),
        ({"kind": "cache_tag", "subgraphs": ["catalog"], "cache_tag": "first-2"}, 0, 0, []),
        ({"kind": "entity", "subgraph": "stock", "type": "Product", "key": {"id": "3"}}, 1, 0, [["3"]]),
        ({"kind": "entity", "subgraph": "stock", "type": "Product", "key": {"id": 3}}, 1, 0, [["3"]]),
        ({"kind": "entity", "subgraph": "stock", "type": "Product", "key": {"id": "9"}}, 0, 0, []),
    ],
)
async def test_what_a_request_names_is_asked_for_again_and_nothing_else(
    make_open: Any, request_: Any, count: int, catalog: int, stock: list[list[str]]
) -> None:
    cached = make_open()
    await cached.ask(PRODUCTS)
    answer = await invalidate(cached, request_)
    assert (answer.status_code, answer.json()) == (202, {"count": count})
    assert await asked(cached) == (catalog, stock)
    assert await asked(cached) == (0, [])


async def test_several_requests_are_one_call(make_open: Any) -> None:
    cached = make_open()
    await cached.ask(PRODUCTS)
    answer = await invalidate(
        cached,
        {"kind": "cache_tag", "subgraphs": ["stock"], "cache_tag": "product-1"},
        {"kind": "entity", "subgraph": "stock", "type": "Product", "key": {"id": "3"}},
    )
    assert answer.json() == {"count": 2}
    assert await asked(cached) == (0, [["1", "3"]])


async def test_an_invalidation_is_for_all_routers(make_open: Any) -> None:
    one, other = make_open(), make_open()
    await one.ask(PRODUCTS)
    await invalidate(other, {"kind": "subgraph", "subgraph": "stock"})
    assert await asked(one) == (0, [["1", "2", "3"]])


async def test_tags_that_a_subgraph_gives_drop_exactly_what_has_them(make_open: Any) -> None:
    cached = make_open()
    cached.catalog.extensions = {"apolloCacheTags": ["home"]}
    cached.stock.extensions = {"apolloEntityCacheTags": [["a"], ["b"], ["a", "c"]]}
    await cached.ask(PRODUCTS)
    for tag, subgraph, expected in (
        ("home", "catalog", (1, [])),
        ("home", "stock", (0, [])),
        ("a", "stock", (0, [["1", "3"]])),
    ):
        await invalidate(cached, {"kind": "cache_tag", "subgraphs": [subgraph], "cache_tag": tag})
        assert await asked(cached) == expected


async def test_tags_that_cannot_be_read_leave_an_answer_unstored(make_open: Any) -> None:
    cached = make_open()
    cached.catalog.extensions = {"apolloCacheTags": "home"}
    await cached.ask(PRODUCTS)
    assert (await asked(cached))[0] == 1


@pytest.mark.parametrize(
    ("headers", "subgraphs", "status"),
    [
        ({}, ["stock"], 401),
        ({"authorization": "wrong"}, ["stock"], 401),
        ({"authorization": "Bearer all-key"}, ["stock"], 401),
        ({"authorization": "stock-key"}, ["stock"], 202),
        ({"authorization": "stock-key"}, ["stock", "catalog"], 401),
        ({"authorization": "all-key"}, ["stock", "catalog"], 202),
    ],
)
async def test_a_key_counts_for_its_subgraph_or_for_all(
    make_open: Any, headers: Any, subgraphs: list[str], status: int
) -> None:
    cached = make_open()
    requests = [{"kind": "subgraph", "subgraph": name} for name in subgraphs]
    assert (await invalidate(cached, *requests, headers=headers)).status_code == status


async def test_without_an_open_endpoint_no_key_counts(make_cached: MakeCached) -> None:
    cached = make_cached()
    answer = await invalidate(cached, {"kind": "subgraph", "subgraph": "stock"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        '{"kind": "subgraph", "subgraph": "stock"}',
        '[{"kind": "subgraph"}]',
        '[{"kind": "subgraph", "subgraph": "stock", "type": "Product"}]',
        '[{"kind": "everything"}]',
        '[{"kind": "entity", "subgraph": "stock", "type": "Product", "key": "1"}]',
        '[{"kind": "cache_tag", "subgraphs": ["stock"], "cache_tag": "' + "x" * 2000 + '"}]',
    ],
)
async def test_what_is_no_list_of_requests_is_refused(make_open: Any, body: str) -> None:
    answer = await make_open().client.post("/invalidation", content=body, headers=KEY)
    assert answer.status_code == 400


async def test_only_post_is_taken_and_the_path_is_configured(make_open: Any) -> None:
    cached = make_open("{path: /drop/cached}")
    answer = await cached.client.get("/drop/cached", headers=KEY)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert (await invalidate(cached, path="/drop/cached")).json() == {"count": 0}
    assert (await invalidate(cached)).status_code == 405  # the console's


@pytest.mark.parametrize("listen", ["127.0.0.1:4001", "127.0.0.1:4000"])
async def test_the_endpoint_can_have_an_address_of_its_own(make_open: Any, listen: str) -> None:
    """Which may be the router's, where the other doors are."""
    cached = make_open(f"{{listen: '{listen}', path: /drop}}")
    beside = apps_beside(cached.router, health=Health())
    is_own = listen != "127.0.0.1:4000"
    assert list(beside) == [listen] * is_own
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(beside.get(listen, cached.app)),
        base_url=f"http://{listen}",
        headers=KEY,
    ) as client:
        assert (await client.post("/drop", json=[])).status_code == 202
    assert (await invalidate(cached, path="/drop")).status_code == (405 if is_own else 202)
    assert (await cached.client.get("/health/live")).status_code == 200


async def test_without_valkey_an_invalidation_fails_and_says_so(make_open: Any, tmp_path: Any) -> None:
    cached = make_open(redis=f"{{urls: ['unix://{tmp_path}/nothing.sock']}}")
    answer = await invalidate(cached, {"kind": "subgraph", "subgraph": "stock"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_router_that_requires_valkey_does_not_start_without_it(
    make_cached: MakeCached, tmp_path: Any
) -> None:
    redis = f"{{urls: ['unix://{tmp_path}/nothing.sock'], required_to_start: true}}"
    cached = make_cached(config=f"response_cache: {{enabled: true, subgraph: {{all: {{redis: {redis}}}}}}}")
    with pytest.raises(RuntimeError, match="did not start"):
        async with serving(cached.app):
            pass
