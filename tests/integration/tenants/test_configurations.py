"""Guarantees 9 to 11 of tenants' README: a configuration is right as a whole, or changes nothing; each version stays what it was."""

import asyncio
from typing import Any

import pytest

from tests.integration.tenants.conftest import Hall

APPLY = """mutation ($tenant: ID!, $document: JSON!, $dryRun: Boolean! = false, $expected: Int) {
  applyConfig(tenantId: $tenant, document: $document, dryRun: $dryRun, expectedVersion: $expected) {
    __typename
    ... on ConfigDiff { version { version checksum restored } differences { place kind before after } }
    ... on InvalidConfig { problems { place message } }
    ... on TenantConflict { code } } }"""
ROLLBACK = """mutation ($tenant: ID!, $version: Int!) { rollback(tenantId: $tenant, version: $version) {
    __typename ... on ConfigDiff { version { version checksum restored } } ... on InvalidConfig { problems { place } } } }"""
CURRENT = "query ($id: ID!) { tenant(id: $id) { configuration { version document } } }"

ORDERS = {
    "routes": [{"name": "orders", "upstream": "shop", "policy": "open", "prefix": "/orders"}],
    "upstreams": {"shop": {"targets": [{"url": "https://shop.example"}]}},
    "policies": {"open": {"key_required": False}},
}


def changed(prefix: str) -> dict[str, Any]:
    return {**ORDERS, "routes": [{**ORDERS["routes"][0], "prefix": prefix}]}  # type: ignore[dict-item]


async def changes(hall: Hall, after: int = 0) -> dict[str, Any]:
    return await hall.call("/v1/dataplane/changes", after=after)


async def test_a_dry_run_tells_the_difference_and_changes_nothing(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    tried = await hall.get(APPLY, tenant=bergen, document=ORDERS, dryRun=True)
    assert tried["version"] is None
    assert [each["place"] for each in tried["differences"]] == [
        "policies",
        "routes",
        "upstreams",
    ]
    assert (await hall.get(CURRENT, id=bergen))["configuration"] is None
    await hall.get(APPLY, tenant=bergen, document=ORDERS)
    tried = await hall.get(APPLY, tenant=bergen, document=changed("/o"), dryRun=True)
    assert tried["version"]["version"] == 1
    assert tried["differences"] == [
        {"place": "routes[orders].prefix", "kind": "CHANGED", "before": '"/orders"', "after": '"/o"'}
    ]


async def test_an_applied_document_is_a_version_that_data_planes_are_told_whole(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    before = (await changes(hall))["sequence"]
    applied = await hall.get(APPLY, tenant=bergen, document=ORDERS)
    assert applied["version"]["version"] == 1
    shown = (await hall.get(CURRENT, id=bergen))["configuration"]
    assert shown["version"] == 1
    again = await hall.get(APPLY, tenant=bergen, document=shown["document"])
    assert again == {"__typename": "ConfigDiff", "version": applied["version"], "differences": []}
    for told in (await changes(hall), await changes(hall, before or 0)):
        (configuration,) = told["configurations"]
        assert (configuration["tenant"], configuration["version"]) == (bergen, 1)
        assert configuration["hosts"] == ["bergen.apis.example"]
        assert configuration["routes"][0]["prefix"] == "/orders"
        assert configuration["concurrency"] == 10, "as the free plan says"


async def test_a_tenants_limits_count_whatever_its_policies_say(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    document = {**ORDERS, "policies": {"open": {"limits": {"attributes": ["key"], "cost": 2}}}}
    await hall.get(APPLY, tenant=bergen, document=document)
    (configuration,) = (await changes(hall))["configurations"]
    limits = configuration["policies"]["open"]["limits"]
    assert (limits["namespace"], limits["attributes"], limits["cost"]) == ("tenants", ["tenant", "key"], 2)


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({"roots": []}, ["$"]),
        ({"routes": [{"name": "a"}]}, ["routes[0]"]),
        (
            {"routes": [{"name": "a", "upstream": "b", "policy": "c"}]},
            ["routes[0].upstream", "routes[0].policy"],
        ),
        ({"hosts": ["visby.apis.example"]}, ["hosts[0]"]),
        ({"hosts": ["evilbergen.apis.example"]}, ["hosts[0]"]),
        ({"policies": {"a": {"limits": {"namespace": "graph"}}}}, ["policies.a.limits.namespace"]),
        ({"upstreams": {"a": {"targets": [{"url": "ftp://a.example"}]}}}, ["upstreams.a.targets[0].url"]),
        *(
            ({"upstreams": {"a": {"targets": [{"url": url}]}}}, ["upstreams.a.targets[0].url"])
            for url in (
                "unix:///run/postgresql.sock",
                "http://127.0.0.1:5432",
                "http://10.0.0.7",
                "http://[::1]",
                "http://169.254.169.254",
                "http://localhost",
                "http://payments:8000",
                "http://0x7f.1",
            )
        ),
        ("text", ["$"]),
        (None, ["$"]),
    ],
)
async def test_what_is_wrong_is_told_with_its_place_and_changes_nothing(
    hall: Hall, document: Any, places: list[str]
) -> None:
    bergen = await hall.create("bergen")
    query = APPLY if document is not None else APPLY.replace("$document: JSON!", "$document: JSON! = []")
    given = {} if document is None else {"document": document}
    refused = await hall.get(query, tenant=bergen, **given)
    assert refused["__typename"] == "InvalidConfig"
    assert [problem["place"] for problem in refused["problems"]] == places
    assert (await hall.get(CURRENT, id=bergen))["configuration"] is None


async def test_a_plan_bounds_the_routes(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    routes = [{**ORDERS["routes"][0], "name": f"r{number}", "prefix": f"/{number}"} for number in range(21)]  # type: ignore[dict-item]
    refused = await hall.get(APPLY, tenant=bergen, document={**ORDERS, "routes": routes})
    assert refused["problems"] == [{"place": "routes", "message": "the plan free has 20 at most"}]


async def test_what_is_served_already_makes_no_version(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    applied = await asyncio.gather(*(hall.get(APPLY, tenant=bergen, document=ORDERS) for _ in range(4)))
    assert {each["version"]["version"] for each in applied} == {1}
    assert sorted(len(each["differences"]) for each in applied) == [0, 0, 0, 3]


async def test_an_expected_version_is_served_or_nothing_is_done(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    documents = [changed(f"/{number}") for number in range(4)]
    applied = await asyncio.gather(
        *(hall.get(APPLY, tenant=bergen, document=document, expected=0) for document in documents)
    )
    assert sorted(each["__typename"] for each in applied) == ["ConfigDiff", *["TenantConflict"] * 3]


async def test_a_rollback_serves_the_old_document_as_a_new_version(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    first = await hall.get(APPLY, tenant=bergen, document=ORDERS)
    await hall.get(APPLY, tenant=bergen, document=changed("/o"))
    back = await hall.get(ROLLBACK, tenant=bergen, version=1)
    assert back["version"] == {"version": 3, "checksum": first["version"]["checksum"], "restored": 1}
    shown = (await hall.get(CURRENT, id=bergen))["configuration"]
    assert (shown["version"], shown["document"]["routes"][0]["prefix"]) == (3, "/orders")
    assert await hall.refused(ROLLBACK, tenant=bergen, version=9) == ["NOT_FOUND"]


async def test_viewers_apply_nothing_and_strangers_know_of_nothing(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "VIEWER")
    assert await hall.refused(APPLY, "bob", tenant=bergen, document=ORDERS) == ["UNAUTHORIZED"]
    assert await hall.refused(APPLY, "eve", tenant=bergen, document=ORDERS) == ["TENANT_NOT_FOUND"]


async def test_what_was_done_is_written_down(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "DEVELOPER")
    await hall.get(APPLY, "bob", tenant=bergen, document=ORDERS)
    audit = "query ($id: ID!) { tenant(id: $id) { audit { actor action subject } } }"
    assert (await hall.get(audit, id=bergen))["audit"] == [
        {"actor": "bob", "action": "config.apply", "subject": "1"},
        {"actor": "bob", "action": "invitation.accept", "subject": "bob"},
        {"actor": "ada", "action": "invitation.create", "subject": "bob"},
        {"actor": "ada", "action": "tenant.create", "subject": "bergen"},
    ]
    answer = await hall.ask(audit, "bob", id=bergen)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHORIZED"]
