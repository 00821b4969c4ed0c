import asyncio
import uuid
from typing import Any

import pytest

from common.database import Database
from common.demo import DEMO_PASSWORD, DEMO_USERS
from subgraphs.identity.app import service

ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { id name } } }"


def bearer(session: dict[str, Any]) -> str:
    return f"Bearer {session['accessToken']}"


async def test_signing_up_signs_in(identity: Any) -> None:
    session = await identity.sign_up()
    assert session["__typename"] == "Session"
    me = await identity.ask("{ me { id name email } }", authorization=bearer(session))
    assert me == {"data": {"me": {"id": session["user"]["id"], "name": "Ada", "email": "ada@hansa.example"}}}


async def test_an_address_has_one_account_however_it_is_written(identity: Any) -> None:
    await identity.sign_up("ada@hansa.example")
    assert (await identity.sign_up("ADA@Hansa.example"))["__typename"] == "EmailTaken"


async def test_two_at_once_do_not_both_get_the_address(identity: Any) -> None:
    outcomes = await asyncio.gather(*(identity.sign_up() for _ in range(4)))
    assert sorted(outcome["__typename"] for outcome in outcomes) == ["EmailTaken"] * 3 + ["Session"]


async def test_a_bad_sign_up_names_the_field(identity: Any) -> None:
    refused = await identity.sign_up(password="short")
    assert (refused["__typename"], refused["field"]) == ("InvalidSignUp", "password")


async def test_signing_in_takes_the_right_password_and_tells_nothing_otherwise(identity: Any) -> None:
    await identity.sign_up()
    assert (await identity.sign_in("Ada@hansa.example", "long enough"))["__typename"] == "Session"
    wrong = await identity.sign_in("ada@hansa.example", "wrong password")
    unknown = await identity.sign_in("nobody@hansa.example", "wrong password")
    assert wrong == unknown == {"__typename": "InvalidCredentials", "message": wrong["message"]}


@pytest.mark.parametrize("email", ["", "\x00", "a\x00da@hansa.example", "x" * 10_000])
async def test_what_is_no_address_has_no_account(identity: Any, email: str) -> None:
    assert (await identity.sign_in(email, "long enough"))["__typename"] == "InvalidCredentials"


async def test_a_password_of_a_megabyte_is_refused_unhashed(identity: Any) -> None:
    await identity.sign_up()
    assert (await identity.sign_in("ada@hansa.example", "x" * 1_000_000))[
        "__typename"
    ] == "InvalidCredentials"


async def test_the_eleventh_attempt_on_an_account_waits(identity: Any) -> None:
    outcomes = [await identity.sign_in("ada@hansa.example", "wrong password") for _ in range(11)]
    assert [outcome["__typename"] for outcome in outcomes] == ["InvalidCredentials"] * 10 + [
        "TooManyAttempts"
    ]
    assert 0 < outcomes[-1]["retryAfter"] <= 900


async def test_attempts_at_the_same_time_do_not_pass_together(identity: Any) -> None:
    outcomes = await asyncio.gather(
        *(identity.sign_in("ada@hansa.example", "wrong password") for _ in range(15))
    )
    assert sum(outcome["__typename"] == "InvalidCredentials" for outcome in outcomes) == 10


async def test_the_right_password_gives_the_attempts_back(identity: Any) -> None:
    await identity.sign_up()
    for _ in range(3):
        for _ in range(8):
            await identity.sign_in("ada@hansa.example", "wrong password")
        assert (await identity.sign_in("ada@hansa.example", "long enough"))["__typename"] == "Session"


async def test_a_client_has_its_attempts_over_all_accounts(identity: Any) -> None:
    headers = {"hansa_client_address": "192.0.2.7"}
    for number in range(100):
        await identity.sign_in(f"{number}@hansa.example", "short", **headers)
    assert (await identity.sign_in("ada@hansa.example", "short", **headers))[
        "__typename"
    ] == "TooManyAttempts"
    assert (await identity.sign_in("ada@hansa.example", "short"))["__typename"] == "InvalidCredentials"


async def test_without_a_token_nobody_is_me(identity: Any) -> None:
    assert await identity.ask("{ me { id } }") == {"data": {"me": None}}


async def test_an_email_address_is_only_for_its_owner(identity: Any) -> None:
    ada, bob = await identity.sign_up(), await identity.sign_up("bob@hansa.example", name="Bob")
    answer = await identity.ask(
        "query ($id: ID!) { user(id: $id) { name email } }",
        {"id": bob["user"]["id"]},
        authorization=bearer(ada),
    )
    assert answer["data"] == {"user": {"name": "Bob", "email": None}}
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"


async def test_entities_are_loaded_by_one_statement_and_in_order(
    identity: Any, statements: list[str]
) -> None:
    ada, bob = await identity.sign_up(), await identity.sign_up("bob@hansa.example", name="Bob")
    ids = [bob["user"]["id"], str(uuid.uuid4()), ada["user"]["id"], "no id", bob["user"]["id"]]
    representations = [{"__typename": "User", "id": id_} for id_ in ids]
    statements.clear()
    answer = await identity.ask(ENTITIES, {"r": representations})
    names = [entity and entity["name"] for entity in answer["data"]["_entities"]]
    assert names == ["Bob", None, "Ada", None, "Bob"]
    assert len(statements) == 1


async def test_demo_users_are_loaded_once(identity: Any) -> None:
    for _ in range(2):
        await service.load_demo(identity.environment)
    session = await identity.sign_in(DEMO_USERS[0].email, DEMO_PASSWORD)
    assert session["user"] == DEMO_USERS[0]._replace(id=str(DEMO_USERS[0].id))._asdict()


async def test_no_password_stands_in_the_database(identity: Any) -> None:
    await identity.sign_up()
    database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
    async with database.transaction() as transaction:
        rows = (await transaction.execute("SELECT * FROM credential")).mappings().all()
    await database.close()
    assert rows[0]["password_hash"].startswith("$argon2id$")
