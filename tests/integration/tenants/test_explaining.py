"""Guarantee 23 of tenants' README: what is explained of a request is what the data plane does with it, and costs nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.tenants.conftest import DOMAIN, Hall
from tests.integration.tenants.test_billing import plan, put
from tests.integration.tenants.test_both_planes import Both, both
from tests.integration.tenants.test_configurations import APPLY
from tests.integration.tenants.test_keys import REVOKE, issue
from tests.integration.tenants.test_limits import TOKEN, become, limited

__all__ = ("both", "limited")

HOST = f"bergen.{DOMAIN}"
EXPLAIN = """query ($id: ID!, $method: String! = "GET", $host: String! = "bergen.apis.example", $path: String!, $key: ID,
    $origin: String, $size: Int, $first: Int! = 20) {
  explainRequest(tenantId: $id, method: $method, host: $host, path: $path, keyId: $key, origin: $origin,
      bodySize: $size, first: $first) {
    version routes { name outcome } policy { name document } refusals { policy status title detail }
    limits { policy limit remaining } mayRead upstream { name targets path } } }"""
DOCUMENT = {
    "hosts": [HOST, f"eu.{HOST}"],
    "routes": [
        {"name": "all", "upstream": "shop", "policy": "open"},
        {
            "name": "orders",
            "prefix": "/orders",
            "upstream": "shop",
            "policy": "keyed",
            "methods": ["GET", "POST"],
        },
        {
            "name": "stripped",
            "prefix": "/v1/stock",
            "upstream": "stock",
            "policy": "open",
            "strip_prefix": True,
        },
        {
            "name": "european",
            "prefix": "/orders",
            "upstream": "shop",
            "policy": "open",
            "hosts": [f"eu.{HOST}"],
        },
    ],
    "upstreams": {
        "shop": {"targets": [{"url": "https://shop.example"}]},
        "stock": {"targets": [{"url": "https://stock.example"}, {"url": "https://stock2.example"}]},
    },
    "policies": {
        "open": {"key_required": False},
        "keyed": {"scopes": ["orders"], "max_body": 10, "cors": {"origins": ["https://shop.example"]}},
    },
}


async def explain(hall: Hall, tenant: str, path: str = "/orders", **asked: Any) -> Any:
    return await hall.get(EXPLAIN, id=tenant, path=path, **asked)


async def selling(hall: Hall, slug: str = "bergen") -> str:
    tenant = await hall.create(slug)
    applied = await hall.get(APPLY, tenant=tenant, document=DOCUMENT)
    assert applied["__typename"] == "ConfigDiff", applied
    return tenant


def outcomes(explained: Any) -> dict[str, str]:
    return {route["name"]: route["outcome"] for route in explained["routes"]}


def refused(explained: Any) -> list[tuple[str, int]]:
    return [(each["policy"], each["status"]) for each in explained["refusals"]]


async def test_each_route_is_told_with_what_it_is_to_the_request(hall: Hall) -> None:
    bergen = await selling(hall)
    explained = await explain(hall, bergen)
    assert (explained["version"], explained["policy"]["name"]) == (1, "keyed")
    assert list(outcomes(explained).items()) == [
        ("orders", "MATCHES"),
        ("all", "OUTRANKED"),
        ("european", "HOST"),
        ("stripped", "PATH"),
    ]
    assert outcomes(await explain(hall, bergen, method="DELETE"))["orders"] == "METHOD"
    assert outcomes(await explain(hall, bergen, host=f"eu.{HOST}", method="PUT"))["european"] == "MATCHES"
    assert list(outcomes(await explain(hall, bergen, first=1))) == ["orders"]


async def test_the_upstream_is_told_with_the_path_that_it_sees(hall: Hall) -> None:
    explained = await explain(hall, await selling(hall), "/v1/stock/fish?fresh=1")
    assert explained["upstream"] == {
        "name": "stock",
        "targets": ["https://stock.example", "https://stock2.example"],
        "path": "/fish",
    }
    assert refused(explained) == []


async def test_all_rules_that_refuse_are_told_in_their_order(hall: Hall) -> None:
    bergen = await selling(hall)
    poor, rich = [
        await issue(hall, bergen, key=str(len(scopes)), scopes=scopes) for scopes in ([], ["orders"])
    ]
    ended = await issue(hall, bergen, key="ended", until=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    await hall.get(REVOKE, id=ended["key"]["id"])
    assert refused(await explain(hall, bergen)) == [("key", 401)]
    assert refused(await explain(hall, bergen, key=ended["key"]["id"])) == [("key", 401)]
    lacking = await explain(hall, bergen, key=poor["key"]["id"], size=11)
    assert refused(lacking) == [("scopes", 403), ("body", 413)]
    assert lacking["refusals"][0]["detail"] == {"missing_scopes": ["orders"]}
    assert refused(await explain(hall, bergen, key=rich["key"]["id"], size=10)) == []
    for path, expected in (("/a//b", ("path", 400)), ("/%2e", ("path", 400))):
        assert refused(await explain(hall, bergen, path)) == [expected]
    assert refused(await explain(hall, bergen, host="other.example")) == [("host", 404)]
    assert refused(await explain(hall, bergen, host="a b")) == [("message", 400)]


async def test_which_pages_may_read_the_answer_is_told(hall: Hall) -> None:
    bergen = await selling(hall)
    for origin, may_read in (("https://shop.example", True), ("https://evil.example", False), (None, None)):
        assert (await explain(hall, bergen, origin=origin))["mayRead"] is may_read
    assert (await explain(hall, bergen, "/", origin="https://shop.example"))["mayRead"] is None


async def test_nothing_is_told_of_what_is_not_served_or_not_ones_own(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    assert await explain(hall, bergen) is None
    visby = await hall.create("visby")
    foreign = (await issue(hall, visby))["key"]["id"]
    for key in (foreign, "x"):
        assert await hall.refused(EXPLAIN, id=bergen, path="/", key=key) == ["NOT_FOUND"]
    assert await hall.refused(EXPLAIN, "eve", id=bergen, path="/") == ["TENANT_NOT_FOUND"]
    await hall.join(bergen, "bob", "VIEWER")
    assert await hall.get(EXPLAIN, "bob", id=bergen, path="/") is None
    for wrong in (
        {"path": ""},
        {"path": "/\u00e9"},
        {"path": "/", "method": "\n"},
        {"path": "/", "size": -1},
    ):
        assert await hall.refused(EXPLAIN, id=bergen, **wrong) == ["INVALID_INPUT"]


async def test_limits_are_told_and_not_charged(limited: tuple[Hall, Hall]) -> None:
    hall, limiter = limited
    bergen = await selling(hall)
    await put(hall, bergen, plan(rate=100, burst=100, quota=5, included=5))
    allowed = {"rate": 100, "quota": 5}
    await become(limiter, bergen, allowed)
    key = (await issue(hall, bergen))["key"]["id"]
    for _ in range(6):
        explained = await explain(hall, bergen, key=key)
    assert refused(explained) == [("scopes", 403)], "the limits are told to who lacks a scope, too"
    assert {each["policy"]: each["remaining"] for each in explained["limits"]} == allowed
    assert refused(await explain(hall, bergen, "/")) == []
    spent = {"namespace": "tenants", "descriptor": {"tenant": bergen}, "cost": 5}
    await limiter.call("/v1/limits:checkMany", token=TOKEN, checks=[spent])
    used_up = await explain(hall, bergen, "/")
    assert refused(used_up) == [("limits", 429)]
    assert used_up["refusals"][0]["detail"] == {"limit": "quota"}
    assert refused(await explain(hall, bergen, key=key)) == [("scopes", 403), ("limits", 429)]


@pytest.mark.parametrize("path", ["/fish", "/fish/cod", "/wool", "/fish//"])
async def test_it_is_what_the_data_plane_does(both: Both, path: str) -> None:
    poor = await issue(both.hall, both.tenant, key="1")
    rich = await issue(both.hall, both.tenant, key="2", scopes=["fish"])
    await both.become("/fish", rich["secret"], 200)
    for issued in (None, poor, rich):
        secret, id_ = (issued["secret"], issued["key"]["id"]) if issued else (None, None)
        explained = await explain(both.hall, both.tenant, path, key=id_)
        expected = explained["refusals"][0]["status"] if explained["refusals"] else 200
        assert await both.status(path, secret) == expected
