"""Guarantee 1 of tenants' README: two tenants with identical data; nothing of the one is in any answer to, or changed by, the other."""

import json
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLObjectType

from common.tenancy import unguarded
from common.tenancy.guard import KERNEL
from subgraphs.tenants.api import schema
from tests.integration.tenants.conftest import INVITE, Hall
from tests.integration.tenants.test_billing import GRANT, close_all, over, plan, put, since
from tests.integration.tenants.test_configurations import APPLY, ORDERS
from tests.integration.tenants.test_data_planes import take, usage
from tests.integration.tenants.test_domains import ADD
from tests.integration.tenants.test_keys import ISSUE, REVOKE, ROLL, verify
from tests.integration.tenants.walking import Walk

SHARED_TABLES = {"plan", "change", "feed", "usage_batch"}
# names in addresses are public; nobody chooses what a random key hashes to; only who has proved a domain meets its key
SHARED_KEYS = {"tenant_slug", "api_key_by_hash", "domain_verified"}
ALL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'tenants' ORDER BY 1"
SHOWN = {
    "since": "2025-11-01T00:00:00Z",
    "until": "2025-11-30T00:00:00Z",
    "first": 50,
    "month": "2025-11",
    "by": ["ROUTE", "CONSUMER", "KEY"],
}
ADA, BOB = "ada-of-bergen", "bob-of-visby"

Dump = dict[str, list[str]]


@dataclass
class Twins:
    """Bergen is Ada's and Visby is Bob's; but for names and ids all they have is the same."""

    hall: Hall
    bergen: str
    visby: str
    secrets: dict[str, str]

    async def dump(self, tenant: str) -> Dump:
        """Every row of every table that is the tenant's, as text, read past all policies."""
        found: Dump = {}
        async with self.hall.database.transaction() as transaction:
            tables = (await transaction.execute(ALL_TABLES)).scalars().all()
            for table in {*tables} - KERNEL - SHARED_TABLES:
                column = "id" if table == "tenant" else "tenant_id"
                query = f'SELECT to_jsonb(t)::text FROM "{table}" AS t WHERE {column} = :tenant ORDER BY 1'
                rows = await transaction.execute(query, {"tenant": UUID(tenant)})
                found[table] = list(rows.scalars())
        return found

    async def marks(self, tenant: str, other: str) -> set[str]:
        """The texts by which the tenant's data are told from the other's: ids, names, hashes."""
        mine, others = await self.dump(tenant), await self.dump(other)
        common = {text for rows in others.values() for row in rows for text in _texts(json.loads(row))}
        texts = {text for rows in mine.values() for row in rows for text in _texts(json.loads(row))}
        # times and the checksum of what was applied are no one's
        return {text for text in texts - common if not text.startswith("20") and len(text) > 3}

    async def ids(self, tenant: str) -> set[str]:
        """An id of the tenant's of each kind, which is a column of a table, by which others might ask for things."""
        kinds = {}
        for table, rows in (await self.dump(tenant)).items():
            for row in rows:
                kinds |= {
                    (table, name): value for name, value in json.loads(row).items() if _is_id(str(value))
                }
        return {*kinds.values()}


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for member in value.values() for text in _texts(member)}
    if isinstance(value, list):
        return {text for member in value for text in _texts(member)}
    return {value} if isinstance(value, str) else set()


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@pytest.fixture
async def twins(hall: Hall) -> Twins:
    """Both are made by the same requests with the same keys of idempotency."""
    tenants, secrets = {}, {}
    for user, slug in ((ADA, "bergen"), (BOB, "visby")):
        tenant = tenants[user] = await hall.create(slug, user, key="k")
        issued = [await hall.get(ISSUE, user, tenant=tenant, key=key) for key in ("1", "2", "3")]
        await hall.get(ROLL, user, id=issued[0]["key"]["id"], overlap=60, key="k")
        await hall.get(REVOKE, user, id=issued[1]["key"]["id"])
        await hall.get(APPLY, user, tenant=tenant, document=ORDERS)
        await hall.get(INVITE, user, tenant=tenant, user=f"guest-of-{slug}", role="VIEWER", key="k")
        await hall.get(ADD, user, tenant=tenant, host=f"api.{slug}.example")
        await take(hall, usage(tenant, requests=1, route=f"only-in-{slug}", consumer="shop"))
        assert await put(hall, tenant, plan()) == ""
        await since(hall, tenant, (await over(hall)).start)
        await hall.get(GRANT, user, "tenants:admin", tenant=tenant, reason=f"for {slug}")
        await close_all(hall, tenant)
        secrets[user] = issued[2]["secret"]
    return Twins(hall, tenants[ADA], tenants[BOB], secrets)


async def test_no_table_was_forgotten(hall: Hall) -> None:
    async with hall.database.transaction() as transaction:
        complaints = await unguarded(transaction, "tenants", shared=SHARED_TABLES, shared_keys=SHARED_KEYS)
    assert complaints == []


async def test_a_tenants_transaction_sees_its_rows_of_every_table_and_no_others(twins: Twins) -> None:
    everything = {tenant: await twins.dump(tenant) for tenant in (twins.bergen, twins.visby)}
    assert all(everything[twins.visby].values()), "a table that is empty proves nothing"
    for tenant in (twins.bergen, twins.visby, None):
        async with twins.hall.tenancy.transaction(UUID(tenant) if tenant else None) as transaction:
            for table in everything[twins.bergen]:
                rows = await transaction.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t ORDER BY 1')
                expected = everything[tenant][table] if tenant else []
                assert list(rows.scalars()) == expected, table


async def test_no_resolver_gives_anything_of_another_tenant(twins: Twins) -> None:
    """All queries with all that they can select, and all entities, asked for by every id of the other's."""
    marks = await twins.marks(twins.visby, twins.bergen)
    assert {twins.visby, "visby", BOB, "guest-of-visby", "only-in-visby"} <= marks
    for id_, with_all in product(sorted(await twins.ids(twins.visby)), (False, True)):
        walk = Walk(schema._schema, SHOWN, id_, with_all=with_all)
        for name, operation in walk.queries():
            answer = json.dumps(await twins.hall.ask(operation, ADA))
            assert not _found(marks - {id_}, answer), name
        entities = [{"__typename": name, "id": id_, "name": id_} for name in _entity_names()]
        answer = json.dumps(await twins.hall.ask(walk.entities(), ADA, of=entities))
        assert not _found(marks - {id_}, answer)
    mine = Walk(schema._schema, SHOWN, twins.bergen)
    for name, operation in mine.queries():
        assert not _found(marks, json.dumps(await twins.hall.ask(operation, ADA))), name


async def test_the_walk_finds_what_is_ones_own(twins: Twins) -> None:
    """It would see what it looks for: as its owner, everything but what no answer shows is there."""
    walk = Walk(schema._schema, SHOWN, twins.visby)
    answers = [json.dumps(await twins.hall.ask(operation, BOB)) for _, operation in walk.queries()]
    answers.append(
        json.dumps(await twins.hall.ask(walk.entities(), BOB, of=[{"__typename": "User", "id": BOB}]))
    )
    marks = await twins.marks(twins.visby, twins.bergen)
    hidden = {mark for mark in marks if mark.startswith("\\x")}
    assert len(hidden) == 4, "the keys' hashes"
    assert marks - hidden <= _found(marks, "".join(answers))


async def test_no_mutation_changes_anything_of_another_tenant(twins: Twins) -> None:
    marks, before = await twins.marks(twins.visby, twins.bergen), await twins.dump(twins.visby)
    values = {"document": {}, "idempotencyKey": "k", "slug": "visby"}
    names = set()
    for id_ in sorted(await twins.ids(twins.visby)):
        walk = Walk(schema._schema, values, id_, with_all=True)
        for name, operation in walk.mutations():
            answer = json.dumps(await twins.hall.ask(operation, ADA))
            assert not _found(marks - {id_, "visby"}, answer), name
            names.add(name)
    assert await twins.dump(twins.visby) == before
    mutation = schema._schema.mutation_type
    assert mutation is not None
    assert names == set(mutation.fields)


async def test_a_key_is_its_tenants_in_every_cache(twins: Twins) -> None:
    for _ in range(2):  # from the database, and then from memory
        for user, tenant in ((ADA, twins.bergen), (BOB, twins.visby)):
            answer = await twins.hall.call("/v1/keys:verify", key=twins.secrets[user])
            assert answer["tenant"] == tenant
    assert await verify(twins.hall, twins.secrets[ADA][:-1] + "x") == "NOT_FOUND"


async def test_the_same_keys_of_idempotency_are_other_requests_of_others(twins: Twins) -> None:
    async with twins.hall.database.transaction() as transaction:
        rows = await transaction.execute("SELECT scope, key FROM idempotency")
        scopes = [row.scope for row in rows]
    for scope in scopes:
        assert scope.endswith((ADA, BOB)), "a key is one user's"
    assert len(scopes) == 2 * 7


def _found(marks: set[str], answer: str) -> set[str]:
    return {mark for mark in marks if mark in answer}


def _entity_names() -> list[str]:
    entity: Any = schema._schema.type_map["_Entity"]
    return [each.name for each in entity.types if isinstance(each, GraphQLObjectType)]
