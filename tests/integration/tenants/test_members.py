"""Guarantees 1 to 4 of tenants' README: whose a tenant is, and who may do what in it."""

import asyncio
from typing import Any

import pytest

from tests.integration.tenants.conftest import ACCEPT, CREATE, INVITE, Hall

TENANT = "query ($id: ID!) { tenant(id: $id) { name myRole members { user { id } role } } }"
SET_ROLE = """mutation ($tenant: ID!, $user: ID!, $role: TenantRole!) {
  setMemberRole(tenantId: $tenant, userId: $user, role: $role) {
    __typename ... on TenantMember { role } ... on TenantConflict { code } } }"""
REMOVE = "mutation ($tenant: ID!, $user: ID!) { removeMember(tenantId: $tenant, userId: $user) { code } }"
RENAME = 'mutation ($id: ID!) { renameTenant(id: $id, name: "New") { ... on Tenant { name } } }'
MINE = "{ myInvitations { id tenantId role } }"


async def test_who_makes_a_tenant_is_its_owner(hall: Hall) -> None:
    made = await hall.get(CREATE, slug="bergen", name="Bergen Stockfish", key="k")
    assert made.pop("id")
    assert made == {
        "__typename": "Tenant",
        "slug": "bergen",
        "name": "Bergen Stockfish",
        "myRole": "OWNER",
        "host": "bergen.apis.example",
        "plan": {"name": "free"},
    }


async def test_a_tenant_is_made_once_a_key(hall: Hall) -> None:
    given = {"slug": "bergen", "name": "Bergen", "key": "k"}
    several = await asyncio.gather(*(hall.get(CREATE, **given) for _ in range(5)))
    assert len({made["id"] for made in several}) == 1
    other = await hall.get(CREATE, slug="visby", name="Visby", key="k")
    assert other == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}


async def test_a_name_in_addresses_is_one_tenants(hall: Hall) -> None:
    await hall.create("bergen")
    taken = {"__typename": "TenantConflict", "code": "SLUG_TAKEN"}
    assert await hall.get(CREATE, "bob", slug="bergen", name="Mine", key="k") == taken
    await hall.create("visby", "bob", key="k")  # a refused request uses no key up


@pytest.mark.parametrize("slug", ["", "Bergen", "-a", "a-", "a.b", "ä", "a" * 41])
async def test_a_name_in_addresses_is_a_label(hall: Hall, slug: str) -> None:
    refused = {"__typename": "InvalidInput", "field": "slug"}
    assert await hall.get(CREATE, slug=slug, name="x", key="k") == refused


async def test_a_tenant_exists_for_its_members_only(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    assert await hall.get(TENANT, "bob", id=bergen) is None
    assert await hall.refused(RENAME, "bob", id=bergen) == ["TENANT_NOT_FOUND"]
    assert await hall.refused(TENANT, None, id=bergen) == ["UNAUTHENTICATED"]
    await hall.join(bergen, "bob", "VIEWER")
    seen = await hall.get(TENANT, "bob", id=bergen)
    assert seen["myRole"] == "VIEWER"
    assert seen["members"] == [
        {"user": {"id": "ada"}, "role": "OWNER"},
        {"user": {"id": "bob"}, "role": "VIEWER"},
    ]


async def test_an_invitation_is_the_invited_users(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    invited = await hall.get(INVITE, tenant=bergen, user="bob", role="DEVELOPER", key="k")
    mine = {"id": invited["id"], "tenantId": bergen, "role": "DEVELOPER"}
    assert await hall.get(MINE, "bob") == [mine]
    assert await hall.get(MINE, "eve") == []
    assert await hall.refused(ACCEPT, "eve", id=invited["id"]) == ["NOT_FOUND"]
    assert (await hall.get(ACCEPT, "bob", id=invited["id"]))["state"] == "ACCEPTED"
    assert await hall.refused(ACCEPT, "bob", id=invited["id"]) == ["NOT_FOUND"]


async def test_a_newer_invitation_takes_the_place_of_the_older(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    first = await hall.get(INVITE, tenant=bergen, user="bob", role="ADMIN", key="1")
    second = await hall.get(INVITE, tenant=bergen, user="bob", role="VIEWER", key="2")
    assert [each["id"] for each in await hall.get(MINE, "bob")] == [second["id"]]
    assert await hall.refused(ACCEPT, "bob", id=first["id"]) == ["NOT_FOUND"]


async def test_an_invitation_that_was_withdrawn_or_is_too_old_makes_no_member(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    withdraw = (
        "mutation ($tenant: ID!, $id: ID!) { withdrawInvitation(tenantId: $tenant, id: $id) { state } }"
    )
    invited = await hall.get(INVITE, tenant=bergen, user="bob", role="ADMIN", key="1")
    assert await hall.get(withdraw, tenant=bergen, id=invited["id"]) == {"state": "WITHDRAWN"}
    old = await hall.get(INVITE, tenant=bergen, user="bob", role="ADMIN", key="2")
    async with hall.database.transaction() as transaction:
        await transaction.execute("UPDATE invitation SET expires_at = now() - interval '1 second'")
    for each in (invited, old):
        assert await hall.refused(ACCEPT, "bob", id=each["id"]) == ["NOT_FOUND"]
    assert await hall.get(MINE, "bob") == []


# what each role may do, as a table of the operations' least roles
OPERATIONS: dict[str, tuple[str, str]] = {
    "rename": (RENAME, "ADMIN"),
    "invite": (INVITE, "ADMIN"),
    "set_role": (SET_ROLE, "ADMIN"),
    "remove": (REMOVE, "ADMIN"),
}
ROLES = ("VIEWER", "DEVELOPER", "ADMIN", "OWNER")


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_do_what_it_may(hall: Hall, role: str) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", role)
    await hall.join(bergen, "cis", "VIEWER")
    variables: dict[str, dict[str, Any]] = {
        "rename": {"id": bergen},
        "invite": {"tenant": bergen, "user": "dee", "role": "VIEWER", "key": "k"},
        "set_role": {"tenant": bergen, "user": "cis", "role": "VIEWER"},
        "remove": {"tenant": bergen, "user": "cis"},
    }
    for name, (operation, least) in OPERATIONS.items():
        answer = await hall.ask(operation, "bob", **variables[name])
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        may = ROLES.index(role) >= ROLES.index(least)
        assert codes == ([] if may else ["UNAUTHORIZED"]), name


async def test_only_an_owner_makes_and_changes_owners(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "ADMIN")
    for operation, variables in (
        (INVITE, {"user": "eve", "role": "OWNER", "key": "k"}),
        (SET_ROLE, {"user": "bob", "role": "OWNER"}),
        (SET_ROLE, {"user": "ada", "role": "VIEWER"}),
        (REMOVE, {"user": "ada"}),
    ):
        assert await hall.refused(operation, "bob", tenant=bergen, **variables) == ["UNAUTHORIZED"]


async def test_a_tenant_always_has_an_owner(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    conflict = {"__typename": "TenantConflict", "code": "LAST_OWNER"}
    assert await hall.get(SET_ROLE, tenant=bergen, user="ada", role="ADMIN") == conflict
    assert await hall.get(REMOVE, tenant=bergen, user="ada") == {"code": "LAST_OWNER"}
    await hall.join(bergen, "bob", "OWNER")
    left = await asyncio.gather(
        hall.ask(REMOVE, "ada", tenant=bergen, user="ada"), hall.ask(REMOVE, "bob", tenant=bergen, user="bob")
    )
    assert sorted(str(each["data"]["removeMember"]) for each in left) == ["None", "{'code': 'LAST_OWNER'}"]


async def test_everybody_may_leave(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "VIEWER")
    assert await hall.get(REMOVE, "bob", tenant=bergen, user="bob") is None
    assert await hall.get(TENANT, "bob", id=bergen) is None


async def test_a_plan_bounds_the_members(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    for user in ("bob", "cis", "dee"):
        await hall.join(bergen, user, "VIEWER")
    invited = [
        await hall.get(INVITE, tenant=bergen, user=user, role="VIEWER", key=user) for user in ("eve", "fay")
    ]
    accepted = await asyncio.gather(
        hall.get(ACCEPT, "eve", id=invited[0]["id"]), hall.get(ACCEPT, "fay", id=invited[1]["id"])
    )
    assert sorted(each["__typename"] for each in accepted) == ["TenantConflict", "TenantInvitation"]


async def test_tenants_of_a_user_are_its_own_to_see(hall: Hall) -> None:
    await hall.create("bergen")
    await hall.create("visby", "bob")
    query = """query ($of: [_Any!]!) { _entities(representations: $of) {
        ... on User { tenants { slug } } ... on Tenant { slug } } }"""
    user = [{"__typename": "User", "id": "ada"}]
    assert await hall.get(query, of=user) == [{"tenants": [{"slug": "bergen"}]}]
    answer = await hall.ask(query, "bob", of=user)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHORIZED"]


async def test_the_platform_sets_plans(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    put = """mutation ($price: Int!) { putPlan(input: {name: "kontor", title: "Kontor", price: $price, currency: "EUR",
        rate: 50, burst: 100, quota: 1000, concurrency: 10, keys: 50, members: 20, routes: 200}) {
        __typename ... on Plan { name price { amount } } ... on InvalidInput { field } } }"""
    set_plan = """mutation ($tenant: ID!) { setPlan(tenantId: $tenant, plan: "kontor") {
        ... on Plan { name } ... on InvalidInput { field } } }"""
    assert await hall.refused(put, price=1) == ["UNAUTHORIZED"]
    assert await hall.refused(set_plan, tenant=bergen) == ["UNAUTHORIZED"]
    admin = ("root", "tenants:admin")
    assert await hall.get(set_plan, *admin, tenant=bergen) == {"field": "plan"}
    assert await hall.get(put, *admin, price=-1) == {"__typename": "InvalidInput", "field": "price.amount"}
    assert (await hall.get(put, *admin, price=4900))["price"] == {"amount": 4900}
    assert await hall.get(set_plan, *admin, tenant=bergen) == {"name": "kontor"}
    assert await hall.get("query ($id: ID!) { tenant(id: $id) { plan { name } } }", id=bergen) == {
        "plan": {"name": "kontor"}
    }
