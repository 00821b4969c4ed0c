"""Guarantee 22 of tenants' README: a key is a consumer's, and a consumer that is removed has no key that counts."""

import asyncio
from typing import Any

import pytest

from common.app import ServiceRequest
from common.auth import Caller
from common.database.testing import count_statements
from common.live import Live
from subgraphs.tenants.api import Context, schema
from subgraphs.tenants.domain.keys import hash_of
from tests.integration.tenants.conftest import Hall
from tests.integration.tenants.test_configurations import changes
from tests.integration.tenants.test_data_planes import take, usage
from tests.integration.tenants.test_keys import ISSUE, issue, verify

CONSUMER = "id tenantId externalId name removedAt"
UPSERT = f"""mutation ($tenant: ID!, $external: String! = "acme", $name: String! = "Acme") {{
  upsertConsumer(input: {{tenantId: $tenant, externalId: $external, name: $name}}) {{
    __typename ... on Consumer {{ {CONSUMER} }} ... on InvalidInput {{ field }} ... on TenantConflict {{ code }} }} }}"""
REMOVE = f"mutation ($id: ID!) {{ removeConsumer(id: $id) {{ {CONSUMER} }} }}"
LIST = f"""query ($id: ID!, $first: Int! = 20, $after: String) {{
  tenant(id: $id) {{ consumers(first: $first, after: $after) {{ {CONSUMER} }} }} }}"""
ONE = """query ($id: ID!) { consumer(id: $id) { externalId keys { id consumer holder { id } }
  usage(since: "2025-11-01T00:00:00", until: "2025-12-01T00:00:00", span: MONTH) { consumer requests } } }"""
AUDIT = "query ($id: ID!) { tenant(id: $id) { audit { action subject } } }"


async def upsert(hall: Hall, tenant: str, **given: Any) -> dict[str, Any]:
    put = await hall.get(UPSERT, tenant=tenant, **given)
    assert put["__typename"] == "Consumer", put
    return dict(put)


async def listed(hall: Hall, tenant: str, **given: Any) -> list[str]:
    found = await hall.get(LIST, id=tenant, **given)
    return [each["externalId"] for each in found["consumers"]]


async def actions(hall: Hall, tenant: str) -> list[str]:
    return [each["action"] for each in (await hall.get(AUDIT, id=tenant))["audit"]]


async def test_a_consumer_is_put_down_once_and_called_otherwise(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    put = await asyncio.gather(*(upsert(hall, bergen) for _ in range(4)))
    assert len({each["id"] for each in put}) == 1
    assert (await actions(hall, bergen)).count("consumer.put") == 1, "nothing changed after the first"
    renamed = await upsert(hall, bergen, name="Acme Ltd")
    assert renamed == put[0] | {"name": "Acme Ltd"}


async def test_a_key_makes_the_consumer_that_it_names(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    acme = await upsert(hall, bergen)
    first = await issue(hall, bergen, consumer="acme")
    second = await issue(hall, bergen, key="2", consumer="shop")
    assert await listed(hall, bergen) == ["acme", "shop"]
    shown = await hall.get(ONE, id=acme["id"])
    assert shown["keys"] == [{"id": first["key"]["id"], "consumer": "acme", "holder": {"id": acme["id"]}}]
    holder = "query ($id: ID!) { apiKey(id: $id) { holder { externalId name } } }"
    told = await hall.get(holder, id=second["key"]["id"])
    assert told["holder"] == {"externalId": "shop", "name": "shop"}


async def test_a_consumer_that_is_removed_has_no_key_that_counts_and_gets_none(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    issued = [await issue(hall, bergen, key=key, consumer="acme") for key in "12"]
    other = await issue(hall, bergen, key="3")
    acme = (await hall.get(LIST, id=bergen))["consumers"][0]
    before = (await changes(hall))["sequence"]
    removed = await hall.get(REMOVE, id=acme["id"])
    assert removed["removedAt"]
    told = await changes(hall, before)
    assert {*told["keys"]} == {hash_of(each["secret"]).hex() for each in issued}  # type: ignore[union-attr]  # they are keys
    async with asyncio.timeout(30):
        for each in issued:
            while await verify(hall, each["secret"]) != "NOT_FOUND":  # noqa: ASYNC110 - it watches a service
                await asyncio.sleep(0.02)
    assert await verify(hall, other["secret"]) == "VALID"
    assert await listed(hall, bergen) == ["shop"]
    refused = await hall.get(ISSUE, tenant=bergen, key="4", consumer="acme")
    assert refused == {"__typename": "TenantConflict", "code": "CONSUMER_REMOVED"}
    assert await hall.get(REMOVE, id=acme["id"]) == removed, "asked again it does nothing again"
    assert (await changes(hall))["sequence"] == told["sequence"]
    back = await upsert(hall, bergen)
    assert (back["id"], back["removedAt"]) == (acme["id"], None)
    await issue(hall, bergen, key="5", consumer="acme")


async def test_no_key_is_made_for_a_consumer_while_it_is_removed(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    acme = await upsert(hall, bergen)
    asked = [hall.get(ISSUE, tenant=bergen, key=str(number), consumer="acme") for number in range(4)]
    await asyncio.gather(*asked[:2], hall.get(REMOVE, id=acme["id"]), *asked[2:])
    async with hall.database.transaction() as transaction:
        live = await transaction.execute("SELECT count(*) FROM api_key WHERE revoked_at IS NULL")
    assert live.scalar_one() == 0


async def test_usage_of_a_consumer_is_its_own(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    acme = await upsert(hall, bergen)
    await take(hall, usage(bergen, requests=3, consumer="acme"), usage(bergen, requests=4, consumer="web"))
    assert (await hall.get(ONE, id=acme["id"]))["usage"] == [{"consumer": None, "requests": 3}]


async def test_consumers_come_in_pages_by_external_id(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    for external in ("c", "a", "b"):
        await upsert(hall, bergen, external=external)
    assert await listed(hall, bergen, first=2) == ["a", "b"]
    assert await listed(hall, bergen, first=2, after="b") == ["c"]


async def test_a_tenant_has_so_many_consumers(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subgraphs.tenants.service.consumers.MOST", 2)
    bergen = await hall.create("bergen")
    acme = await upsert(hall, bergen)
    await upsert(hall, bergen, external="b")
    full = {"__typename": "TenantConflict", "code": "PLAN_LIMIT"}
    assert await hall.get(UPSERT, tenant=bergen, external="c") == full
    assert await hall.get(ISSUE, tenant=bergen, key="1", consumer="c") == full
    await upsert(hall, bergen, name="Other")
    await hall.get(REMOVE, id=acme["id"])
    await upsert(hall, bergen, external="c")
    assert await hall.get(UPSERT, tenant=bergen) == full, "who comes back counts"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"external": "a b"}, "externalId"), ({"external": ""}, "externalId"), ({"name": " "}, "name")],
)
async def test_a_consumer_that_cannot_be_is_refused(hall: Hall, wrong: dict[str, Any], field: str) -> None:
    bergen = await hall.create("bergen")
    refused = await hall.get(UPSERT, tenant=bergen, **wrong)
    assert refused == {"__typename": "InvalidInput", "field": field}


async def test_viewers_see_consumers_and_developers_change_them(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "VIEWER")
    await hall.join(bergen, "cis", "DEVELOPER")
    acme = await hall.get(UPSERT, "cis", tenant=bergen)
    assert (await hall.get(ONE, "bob", id=acme["id"]))["externalId"] == "acme"
    assert await hall.refused(UPSERT, "bob", tenant=bergen) == ["UNAUTHORIZED"]
    assert await hall.refused(REMOVE, "bob", id=acme["id"]) == ["UNAUTHORIZED"]
    assert await hall.refused(UPSERT, "eve", tenant=bergen) == ["TENANT_NOT_FOUND"]
    for id_ in (acme["id"], "x"):
        assert await hall.refused(REMOVE, "eve", id=id_) == ["NOT_FOUND"]
    assert await hall.get(ONE, "eve", id=acme["id"]) is None


async def test_consumers_and_the_holders_of_keys_are_a_statement_each(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    keys = [(await issue(hall, bergen, key=key, consumer=key))["key"]["id"] for key in "123"]
    consumers = [each["id"] for each in (await hall.get(LIST, id=bergen))["consumers"]]
    of = [{"__typename": "Consumer", "id": id_} for id_ in consumers]
    of += [{"__typename": "ApiKey", "id": id_} for id_ in keys]
    query = """query ($of: [_Any!]!) { _entities(representations: $of) {
        ... on Consumer { name } ... on ApiKey { holder { name } } } }"""
    request = ServiceRequest(Caller("ada", frozenset(), {}), None)
    context = Context.of(request, hall.use, Live("nats://127.0.0.1:1", "tenants"))
    with count_statements() as statements:
        found = await schema.execute(query, {"of": of}, context_value=context)
    assert found.errors is None
    assert found.data is not None
    assert [(each.get("holder") or each)["name"] for each in found.data["_entities"]] == ["1", "2", "3"] * 2
    assert len(statements) == 3, "consumers, keys and their holders"
