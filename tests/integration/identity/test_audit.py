"""The audit log: what is written, who sees it, and that nobody changes it (guarantees 14 and 15)."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from common.database import Database
from common.live import Live
from subgraphs.identity.service.audit import AuditLog
from tests.integration.identity.test_roles import GRANT, Admin

MINE = """query ($first: Int!, $after: String) { me { securityEvents(first: $first, after: $after) {
  edges { cursor node { kind outcome actorId clientAddress details { name value } } }
  pageInfo { hasNextPage endCursor } } } }"""


async def mine(identity: Any, session: dict[str, Any], first: int = 20, after: str | None = None) -> Any:
    token = f"Bearer {session['accessToken']}"
    answer = await identity.ask(MINE, {"first": first, "after": after}, authorization=token)
    return answer["data"]["me"]["securityEvents"]


async def test_sign_ins_are_written_down_with_their_outcome_and_place(identity: Any) -> None:
    session = await identity.sign_up()
    await identity.sign_in("ada@hansa.example", "wrong password", hansa_client_address="192.0.2.7")
    await identity.sign_in("ada@hansa.example", "long enough", hansa_client_address="192.0.2.8")
    events = [edge["node"] for edge in (await mine(identity, session))["edges"]]
    assert [(event["kind"], event["outcome"], event["clientAddress"]) for event in events] == [
        ("SIGNED_IN", "SUCCESS", "192.0.2.8"),
        ("SIGNED_IN", "FAILURE", "192.0.2.7"),
        ("SIGNED_UP", "SUCCESS", None),
    ]


async def test_a_page_ends_where_the_next_begins(identity: Any) -> None:
    session = await identity.sign_up()
    for _ in range(4):
        await identity.sign_in("ada@hansa.example", "long enough")
    whole = [edge["cursor"] for edge in (await mine(identity, session))["edges"]]
    first = await mine(identity, session, first=2)
    assert first["pageInfo"] == {"hasNextPage": True, "endCursor": whole[1]}
    second = await mine(identity, session, first=3, after=whole[1])
    assert [edge["cursor"] for edge in second["edges"]] == whole[2:]
    assert second["pageInfo"]["hasNextPage"] is False


async def test_a_cursor_of_nothing_is_refused(identity: Any) -> None:
    token = f"Bearer {(await identity.sign_up())['accessToken']}"
    for variables in ({"first": 1, "after": "x"}, {"first": 0}, {"first": 101}):
        answer = await identity.ask(MINE, variables, authorization=token)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_who_changes_roles_is_told_to_whom_they_are_changed_and_to_admins(identity: Any) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    await admin.ask(GRANT, id=ada["user"]["id"], role="operator")
    again = await identity.sign_in("ada@hansa.example", "long enough")  # her token ended with the change
    granted = (await mine(identity, again))["edges"][1]["node"]
    assert (granted["kind"], granted["actorId"]) == ("ROLE_GRANTED", admin.id)
    assert granted["details"] == [{"name": "role", "value": "operator"}]
    query = "query ($of: ID) { securityEvents(userId: $of) { edges { node { kind userId } } } }"
    everyone = [edge["node"] for edge in (await admin.ask(query))["edges"]]
    assert {event["userId"] for event in everyone} == {admin.id, ada["user"]["id"]}
    of_ada = [edge["node"] for edge in (await admin.ask(query, of=ada["user"]["id"]))["edges"]]
    assert [event["kind"] for event in of_ada] == ["SIGNED_IN", "ROLE_GRANTED", "SIGNED_UP"]
    assert (await admin.ask(query, of="no id"))["edges"] == []


async def test_an_unknown_address_is_a_failure_of_no_account_and_not_written_down(identity: Any) -> None:
    admin = await Admin.of(identity)
    await identity.sign_in("my secret typed in the wrong place", "wrong password")
    await identity.sign_in("nobody@hansa.example", "wrong password")
    query = "{ securityEvents(first: 2) { edges { node { kind outcome userId details { value } } } } }"
    events = [edge["node"] for edge in (await admin.ask(query))["edges"]]
    assert events == [{"kind": "SIGNED_IN", "outcome": "FAILURE", "userId": None, "details": []}] * 2


@pytest.mark.parametrize(
    "statement",
    ["UPDATE security_event SET kind = 'SIGNED_UP'", "DELETE FROM security_event", "TRUNCATE security_event"],
)
async def test_the_database_refuses_to_change_history(identity: Any, statement: str) -> None:
    await identity.sign_up()
    database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
    with pytest.raises(DBAPIError, match="only added"):
        async with database.transaction() as transaction:
            await transaction.execute(statement)
    await database.close()


async def test_what_is_older_than_a_year_goes(identity: Any) -> None:
    await identity.sign_up()
    database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
    old = """INSERT INTO security_event (at, kind, outcome, details)
        SELECT now() - make_interval(days => 366 - 2 * day), 'SIGNED_IN', 'SUCCESS', '{}'::jsonb
        FROM generate_series(0, 1) AS day"""
    async with database.transaction() as transaction:
        await transaction.execute(old)
    await AuditLog(database, Live("nats://nowhere", "identity")).prune()
    async with database.transaction() as transaction:
        kept = (await transaction.execute("SELECT count(*) FROM security_event")).scalar_one()
    await database.close()
    assert kept == 2
