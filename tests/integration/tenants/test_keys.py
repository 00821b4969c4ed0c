"""Guarantees 5 to 8 and 16 of tenants' README: keys are shown once, end when they are told to, and are refused everywhere soon."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.app import ServiceRequest
from common.auth import Caller
from common.database.testing import count_statements
from common.live import Live
from subgraphs.tenants.api import Context, schema
from subgraphs.tenants.dataplane.control import CHANGES, FIND_KEY, USAGE
from subgraphs.tenants.domain.keys import hash_of, new_secret
from tests.integration.tenants.conftest import Hall, opened
from tests.unit.auth.conftest import Issuer

KEY = "id start consumer plan scopes expiresAt revokedAt rolledFrom"
ISSUED = f"""__typename ... on IssuedKey {{ secret key {{ {KEY} }} }} ... on InvalidInput {{ field }}
  ... on TenantConflict {{ code }} ... on IdempotencyKeyReused {{ code }}"""
ISSUE = f"""mutation ($tenant: ID!, $key: String!, $name: String! = "web", $consumer: String! = "shop",
    $scopes: [String!]! = [], $until: DateTime) {{
  issueKey(input: {{tenantId: $tenant, name: $name, consumer: $consumer, scopes: $scopes, expiresAt: $until}},
    idempotencyKey: $key) {{ {ISSUED} }} }}"""
ROLL = f"""mutation ($id: ID!, $key: String!, $overlap: Int! = 0) {{
  rollKey(id: $id, overlap: $overlap, idempotencyKey: $key) {{ {ISSUED} }} }}"""
REVOKE = "mutation ($id: ID!) { revokeKey(id: $id) { revokedAt } }"
KEYS = f"query ($id: ID!) {{ tenant(id: $id) {{ keys {{ {KEY} }} }} }}"


async def issue(hall: Hall, tenant: str, key: str = "k", **given: Any) -> dict[str, Any]:
    issued = await hall.get(ISSUE, tenant=tenant, key=key, **given)
    assert issued["__typename"] == "IssuedKey", issued
    return dict(issued)


async def verify(hall: Hall, secret: str, *scopes: str) -> str:
    answer = await hall.call("/v1/keys:verify", key=secret, scopes=list(scopes))
    assert answer["valid"] is (answer["code"] == "VALID")
    return str(answer["code"])


async def test_a_keys_text_is_shown_once_and_kept_nowhere(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    issued = await issue(hall, bergen)
    again = await issue(hall, bergen)
    assert again == {"__typename": "IssuedKey", "secret": None, "key": issued["key"]}
    (seen,) = (await hall.get(KEYS, id=bergen))["keys"]
    assert seen == issued["key"]
    assert issued["secret"].startswith(seen["start"])
    async with hall.database.transaction() as transaction:
        names = await transaction.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tenants'")
        for table in names.scalars().all():
            rows = await transaction.execute(f'SELECT "{table}"::text FROM "{table}"')
            assert not any(issued["secret"] in str(row) for row in rows.scalars()), table


async def test_what_is_kept_is_the_keys_sha256(hall: Hall) -> None:
    issued = await issue(hall, await hall.create("bergen"))
    async with hall.database.transaction() as transaction:
        kept = (await transaction.execute("SELECT key_hash FROM api_key")).scalar_one()
    assert kept == hashlib.sha256(issued["secret"].encode()).digest()


async def test_verify_tells_what_a_key_is_for(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    issued = await issue(hall, bergen, scopes=["orders:read", "orders:write"])
    assert await hall.call("/v1/keys:verify", key=issued["secret"], scopes=["orders:read"]) == {
        "valid": True,
        "code": "VALID",
        "keyId": issued["key"]["id"],
        "tenant": bergen,
        "consumer": "shop",
        "plan": "default",
        "scopes": ["orders:read", "orders:write"],
    }
    assert await verify(hall, issued["secret"], "refunds") == "INSUFFICIENT_SCOPES"
    assert await verify(hall, new_secret()) == "NOT_FOUND"
    assert await verify(hall, "hansa_nonsense") == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/v1/keys:verify", CHANGES, FIND_KEY, USAGE])
async def test_the_doors_need_a_token(hall: Hall, path: str) -> None:
    mine = f"Bearer {hall.issuer.token({'sub': 'ada', 'scope': 'tenants:other'})}"
    assert (await hall.post(path, {}, None)).status == 401
    assert (await hall.post(path, {}, "Bearer x")).status == 401
    assert (await hall.post(path, {}, mine)).status == 403


async def test_a_key_ends_when_its_time_is_over(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    refused = await hall.get(ISSUE, tenant=bergen, key="k", until=past)
    assert refused == {"__typename": "InvalidInput", "field": "expiresAt"}
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    issued = await issue(hall, bergen, until=soon)
    assert await verify(hall, issued["secret"]) == "VALID"
    await asyncio.sleep(2.1)
    assert await verify(hall, issued["secret"]) == "EXPIRED"
    found = await hall.call("/v1/dataplane/keys:find", key_hash=hash_of(issued["secret"]).hex())
    assert found == {"facts": None}


async def test_after_a_roll_both_keys_count_for_the_overlap_exactly(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    old = await issue(hall, bergen, scopes=["a"])
    new = await hall.get(ROLL, id=old["key"]["id"], key="k", overlap=2)
    assert new["key"] | {"id": "", "start": ""} == old["key"] | {
        "id": "",
        "start": "",
        "rolledFrom": old["key"]["id"],
    }
    async with hall.database.transaction() as transaction:
        ends = await transaction.execute(
            "SELECT old.expires_at - new.created_at FROM api_key AS old JOIN api_key AS new ON new.rolled_from = old.id"
        )
        assert ends.scalar_one() == timedelta(seconds=2)
    assert [await verify(hall, each["secret"]) for each in (old, new)] == ["VALID", "VALID"]
    await asyncio.sleep(2.1)
    assert [await verify(hall, each["secret"]) for each in (old, new)] == ["EXPIRED", "VALID"]
    ended = await hall.get(ROLL, id=old["key"]["id"], key="other")
    assert ended == {"__typename": "TenantConflict", "code": "KEY_ENDED"}


async def test_a_roll_is_one_a_key_of_idempotency(hall: Hall) -> None:
    old = await issue(hall, await hall.create("bergen"))
    rolls = await asyncio.gather(*(hall.get(ROLL, id=old["key"]["id"], key="k") for _ in range(4)))
    assert len({each["key"]["id"] for each in rolls}) == 1
    assert sorted(each["secret"] is None for each in rolls) == [False, True, True, True]


async def test_a_revoked_key_is_refused_at_once_here_and_soon_elsewhere(hall: Hall, other_hall: Hall) -> None:
    issued = await issue(hall, await hall.create("bergen"))
    for each in (hall, other_hall):
        assert await verify(each, issued["secret"]) == "VALID"
    revoked = await hall.get(REVOKE, id=issued["key"]["id"])
    began = time.monotonic()
    assert revoked["revokedAt"]
    for each in (hall, other_hall):
        async with asyncio.timeout(30):
            while await verify(each, issued["secret"]) != "NOT_FOUND":  # noqa: ASYNC110 - it watches a service
                await asyncio.sleep(0.02)
    assert time.monotonic() - began < 10  # the README says one second; the machine may be busy
    assert await hall.get(REVOKE, id=issued["key"]["id"]) == revoked


async def test_a_plan_bounds_the_keys_that_count(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    issued = [await issue(hall, bergen, key=str(number)) for number in range(5)]
    full = {"__typename": "TenantConflict", "code": "PLAN_LIMIT"}
    assert await hall.get(ISSUE, tenant=bergen, key="6") == full
    await hall.get(ROLL, id=issued[0]["key"]["id"], key="k")
    await hall.get(REVOKE, id=issued[1]["key"]["id"])
    await issue(hall, bergen, key="6")
    assert await hall.get(ISSUE, tenant=bergen, key="7") == full


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"consumer": "a b"}, "consumer"),
        ({"scopes": ["a", "a"]}, "scopes"),
        ({"scopes": ["a b"]}, "scopes"),
        ({"key": ""}, "idempotencyKey"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(hall: Hall, given: dict[str, Any], field: str) -> None:
    bergen = await hall.create("bergen")
    refused = await hall.get(ISSUE, tenant=bergen, **{"key": "k", **given})
    assert refused == {"__typename": "InvalidInput", "field": field}


async def test_viewers_see_keys_and_developers_make_them(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "VIEWER")
    await hall.join(bergen, "cis", "DEVELOPER")
    issued = await hall.get(ISSUE, "cis", tenant=bergen, key="k")
    id_ = issued["key"]["id"]
    assert (await hall.get(KEYS, "bob", id=bergen))["keys"] == [issued["key"]]
    assert await hall.refused(ISSUE, "bob", tenant=bergen, key="k") == ["UNAUTHORIZED"]
    assert await hall.refused(REVOKE, "bob", id=id_) == ["UNAUTHORIZED"]
    assert await hall.refused(REVOKE, "eve", id=id_) == ["NOT_FOUND"]
    assert await hall.refused(ROLL, "eve", id=id_, key="k") == ["NOT_FOUND"]
    assert await hall.get("query ($id: ID!) { apiKey(id: $id) { id } }", "eve", id=id_) is None


async def test_a_batch_of_entities_is_a_statement_for_each_type(hall: Hall) -> None:
    tenants = [await hall.create(slug) for slug in ("bergen", "visby")]
    keys = [(await issue(hall, tenant, key=key))["key"]["id"] for tenant in tenants for key in "12"]
    of = [{"__typename": "ApiKey", "id": id_} for id_ in keys]
    of += [{"__typename": "Tenant", "id": id_} for id_ in tenants]
    query = """query ($of: [_Any!]!) { _entities(representations: $of) {
        ... on ApiKey { name } ... on Tenant { name plan { title } } } }"""
    request = ServiceRequest(Caller("ada", frozenset(), {}), None)
    context = Context.of(request, hall.use, Live("nats://127.0.0.1:1", "tenants"))
    with count_statements() as statements:
        found = await schema.execute(query, {"of": of}, context_value=context)
    assert found.errors is None
    assert found.data is not None
    assert all(found.data["_entities"])
    assert len(statements) == 3, "keys, tenants and plans"


async def test_without_nats_a_revoked_key_is_refused_as_soon(
    environment: Mapping[str, str], issuer: Issuer
) -> None:
    cut_off = {**environment, "NATS_URL": "nats://127.0.0.1:1"}
    async with opened(cut_off, issuer) as one, opened(cut_off, issuer) as other:
        issued = await issue(one, await one.create("bergen"))
        assert await verify(other, issued["secret"]) == "VALID"
        await one.get(REVOKE, id=issued["key"]["id"])
        async with asyncio.timeout(10):
            while await verify(other, issued["secret"]) != "NOT_FOUND":  # noqa: ASYNC110 - it watches a service
                await asyncio.sleep(0.02)
