"""Roles, the scopes that come of them, and who may change them (guarantees 11 to 13)."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

from common.app import running
from common.demo import DEMO_PASSWORD, DEMO_USERS
from common.http import open_transport
from subgraphs.identity.app import service
from subgraphs.identity.domain.roles import BUILT_IN
from tests.integration.identity.conftest import Identity
from tests.integration.identity.letters import Letters

GRANT = """mutation ($id: ID!, $role: String!) { changed: grantUserRole(userId: $id, role: $role) { __typename
  ... on User { roles } ... on RoleRefused { code } } }"""
TAKE = GRANT.replace("grantUserRole", "takeUserRole")
PUT = """mutation ($input: UserRoleInput!) { putUserRole(input: $input) { __typename
  ... on UserRole { name isBuiltIn } ... on InvalidInput { field } } }"""
ATTRIBUTE = """mutation ($id: ID!, $name: String!, $value: String) {
  changed: setUserAttribute(userId: $id, name: $name, value: $value) { __typename
  ... on User { attributes { name value } } ... on InvalidInput { field } } }"""


def claims(session: dict[str, Any]) -> dict[str, Any]:
    segment = session["accessToken"].split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


class Admin:
    """The first demo user, signed in."""

    def __init__(self, identity: Any, session: dict[str, Any]) -> None:
        self.identity = identity
        self.session = session
        self.id = session["user"]["id"]

    @classmethod
    async def of(cls, identity: Any) -> "Admin":
        await service.load_demo(identity.environment)
        return cls(identity, await identity.sign_in(DEMO_USERS[0].email, DEMO_PASSWORD))

    async def ask(self, query: str, **variables: Any) -> Any:
        token = f"Bearer {self.session['accessToken']}"
        answer = await self.identity.ask(query, variables, authorization=token)
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))


async def test_everyone_has_the_graph_and_nothing_else(identity: Any) -> None:
    found = claims(await identity.sign_up())
    assert (found["scope"], found["roles"]) == ("graph", ["member"])


async def test_the_first_demo_user_is_an_admin(identity: Any) -> None:
    admin = await Admin.of(identity)
    found = claims(admin.session)
    assert found["roles"] == ["admin", "member"]
    assert {"graph", "identity:admin", "jobs:admin", "ratelimit:write"} <= set(found["scope"].split())


async def test_a_role_that_is_granted_is_in_the_next_token_and_gone_when_it_is_taken(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    granted = await admin.ask(GRANT, id=ada["user"]["id"], role="operator")
    assert granted == {"__typename": "User", "roles": ["member", "operator"]}
    found = claims(await identity.sign_in("ada@hansa.example", "long enough"))
    assert "jobs:admin" in found["scope"].split()
    assert "identity:admin" not in found["scope"].split()
    await admin.ask(TAKE, id=ada["user"]["id"], role="operator")
    assert claims(await identity.sign_in("ada@hansa.example", "long enough"))["scope"] == "graph"


async def test_only_admins_change_roles_and_see_those_of_others(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    token = f"Bearer {ada['accessToken']}"
    answer = await identity.ask(GRANT, {"id": ada["user"]["id"], "role": "admin"}, authorization=token)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    answer = await identity.ask(GRANT, {"id": ada["user"]["id"], "role": "admin"})
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    query = "query ($id: ID!) { user(id: $id) { name roles attributes { name } securityEvents { edges { cursor } } } }"
    answer = await identity.ask(query, {"id": admin.id}, authorization=token)
    assert answer["data"]["user"] == {
        "name": DEMO_USERS[0].name,
        "roles": None,
        "attributes": None,
        "securityEvents": None,
    }
    seen = await admin.ask("query ($id: ID!) { user(id: $id) { roles } }", id=ada["user"]["id"])
    assert seen == {"roles": ["member"]}


async def test_what_is_not_there_is_refused(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    nobody = "0199d3a0-0000-7000-8000-0000000000ff"
    refusals = [
        await admin.ask(GRANT, id=nobody, role="operator"),
        await admin.ask(GRANT, id="no id", role="operator"),
        await admin.ask(GRANT, id=ada["user"]["id"], role="pirate"),
        await admin.ask(TAKE, id=ada["user"]["id"], role="operator"),
        await admin.ask(TAKE, id=ada["user"]["id"], role="member"),
    ]
    assert [refusal["code"] for refusal in refusals] == ["USER_NOT_FOUND"] * 2 + ["ROLE_NOT_FOUND"] * 3


async def test_the_last_admin_stays_one_also_when_all_are_taken_at_once(identity: Any) -> None:
    admin = await Admin.of(identity)
    people = [await identity.sign_up(f"{name}@hansa.example") for name in ("a", "b", "c")]
    ids = [admin.id, *(person["user"]["id"] for person in people)]
    for id_ in ids[1:]:
        await admin.ask(GRANT, id=id_, role="admin")
    outcomes = await asyncio.gather(*(admin.ask(TAKE, id=id_, role="admin") for id_ in ids))
    assert sorted(outcome.get("code", "") for outcome in outcomes) == ["", "", "", "LAST_ADMIN"]


async def test_a_role_that_was_made_here_asks_for_attributes(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    when = [{"name": "department", "value": "harbour"}, {"name": "region", "value": "eu1"}]
    grants = [{"scope": "harbour:read"}, {"scope": "harbour:write", "when": when}]
    made = await admin.ask(PUT, input={"name": "pilot", "description": "Pilots", "grants": grants})
    assert made == {"__typename": "UserRole", "name": "pilot", "isBuiltIn": False}
    await admin.ask(GRANT, id=ada["user"]["id"], role="pilot")
    await admin.ask(ATTRIBUTE, id=ada["user"]["id"], name="department", value="harbour")

    async def scope() -> str:
        return str(claims(await identity.sign_in("ada@hansa.example", "long enough"))["scope"])

    assert await scope() == "graph harbour:read"
    await admin.ask(ATTRIBUTE, id=ada["user"]["id"], name="region", value="eu1")
    assert await scope() == "graph harbour:read harbour:write"
    await admin.ask(ATTRIBUTE, id=ada["user"]["id"], name="region")
    assert await scope() == "graph harbour:read"
    assert await admin.ask('mutation { removeUserRole(name: "pilot") }') is True
    assert await scope() == "graph"
    assert await admin.ask('mutation { removeUserRole(name: "admin") }') is False


async def test_a_built_in_role_stays_as_it_is(identity: Any) -> None:
    admin = await Admin.of(identity)
    made = await admin.ask(PUT, input={"name": "member", "description": "All", "grants": []})
    assert made == {"__typename": "InvalidInput", "field": "name"}
    names = [role["name"] for role in await admin.ask("{ userRoles { name } }")]
    assert names == list(BUILT_IN)


async def test_the_demo_makes_no_second_admin(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    await admin.ask(GRANT, id=ada["user"]["id"], role="admin")
    await admin.ask(TAKE, id=admin.id, role="admin")
    await service.load_demo(identity.environment)
    assert claims(await identity.sign_in(DEMO_USERS[0].email, DEMO_PASSWORD))["scope"] == "graph"


async def test_who_loses_a_role_has_no_token_with_it_any_more(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    token = {"authorization": f"Bearer {ada['accessToken']}"}
    await admin.ask(GRANT, id=ada["user"]["id"], role="operator")
    async with asyncio.timeout(10):
        while (await identity.post("{ me { name } }", **token)).status != 401:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
    again = await identity.sign_in("ada@hansa.example", "long enough")
    answer = await identity.ask("{ me { roles } }", authorization=f"Bearer {again['accessToken']}")
    assert answer["data"]["me"]["roles"] == ["member", "operator"]


async def test_the_first_admin_is_who_verifies_the_address_in_the_settings(
    environment: Mapping[str, str], letters: Letters
) -> None:
    app = service.create_app({**environment, "HANSA_FIRST_ADMIN": "Ada@Hansa.example"})
    app.state.apps = {"identity": app}
    transport = open_transport("app://identity/graphql", apps=app.state.apps)
    async with running(app):
        identity = Identity(transport, app, environment)
        await identity.sign_up("ada@hansa.example")
        assert claims(await identity.sign_in("ada@hansa.example", "long enough"))["roles"] == ["member"]
        for email, roles in (("ada@hansa.example", ["admin", "member"]), ("bob@hansa.example", ["member"])):
            await identity.sign_up(email)
            token = await letters.token(email)
            await identity.ask(
                "mutation ($t: String!) { verifyEmail(token: $t) { __typename } }", {"t": token}
            )
            assert claims(await identity.sign_in(email, "long enough"))["roles"] == roles
    await transport.close()
