"""Guarantee 47 of identity's README: who may see an account's security events sees them as they come, each once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from common.database import Database
from common.demo import DEMO_PASSWORD, DEMO_USERS
from common.http import ASGIApp, open_transport
from gateway.cli.up import CONFIG
from gateway.platform.options import Options
from gateway.platform.platform import running_platform
from gateway.platform.services import find_service
from tests.integration.identity.conftest import SIGN_IN, Identity
from tests.integration.identity.test_audit import mine
from tests.integration.identity.test_roles import Admin
from tests.integration.subscriptions.clients import events, streamed

FOLLOW = """subscription ($userId: ID, $after: ID) { securityEvents(userId: $userId, after: $after) {
  id kind outcome userId } }"""
END_ALL = "mutation { endAllSessions }"
FRUITLESS = "wrong password"

Next = Callable[[], Awaitable[Any]]


@asynccontextmanager
async def following(app: ASGIApp, session: Mapping[str, Any], **variables: str) -> AsyncIterator[Next]:
    """What gives the next answer of the stream."""
    authorization = ("authorization", f"Bearer {session['accessToken']}")
    async with streamed(app, FOLLOW, headers=(authorization,), variables=variables) as response:
        answers = events(response)

        async def following() -> Any:
            async with asyncio.timeout(30):
                return (await anext(answers))[1]

        yield following


async def newest(identity: Identity, session: dict[str, Any]) -> str:
    return str((await mine(identity, session, first=1))["edges"][0]["cursor"])


def shown(answer: Any) -> tuple[str, str]:
    event = answer["data"]["securityEvents"]
    return event["kind"], event["outcome"]


async def test_users_see_what_happens_to_their_account_and_to_no_other(identity: Identity) -> None:
    ada, _ = await identity.sign_up(), await identity.sign_up("bob@hansa.example")
    seen = await newest(identity, ada)
    async with following(identity.app, ada, after=seen) as answer:
        await identity.sign_in("bob@hansa.example", "long enough")
        await identity.sign_in("ada@hansa.example", FRUITLESS)
        assert shown(await answer()) == ("SIGNED_IN", "FAILURE")
        await identity.sign_in("ada@hansa.example", "long enough")
        assert shown(await answer()) == ("SIGNED_IN", "SUCCESS")


async def test_who_comes_back_is_told_what_happened_since(identity: Identity) -> None:
    ada = await identity.sign_up()
    seen = await newest(identity, ada)
    for _ in range(3):
        await identity.sign_in("ada@hansa.example", "long enough")
    async with following(identity.app, ada, after=seen) as answer:
        told = [(await answer())["data"]["securityEvents"]["id"] for _ in range(3)]
    assert told[::-1] == [edge["cursor"] for edge in (await mine(identity, ada, first=3))["edges"]]


async def test_admins_follow_everyone_or_one(identity: Identity) -> None:
    admin, ada = await Admin.of(identity), await identity.sign_up()
    seen = await newest(identity, ada)
    of_ada = {"userId": ada["user"]["id"], "after": seen}
    async with (
        following(identity.app, admin.session, after=seen) as of_all,
        following(identity.app, admin.session, **of_ada) as of_one,
    ):
        await identity.sign_in("nobody@hansa.example", FRUITLESS)
        await identity.sign_in("ada@hansa.example", "long enough")
        whose = [(await of_all())["data"]["securityEvents"]["userId"] for _ in range(2)]
        assert whose == [None, ada["user"]["id"]]
        assert shown(await of_one()) == ("SIGNED_IN", "SUCCESS")


@pytest.mark.parametrize(
    ("whose", "after", "code"),
    [
        ("another's", None, "UNAUTHORIZED"),
        (None, "no cursor", "INVALID_INPUT"),
    ],
    ids=["another's events", "behind nothing"],
)
async def test_what_may_not_be_followed_is_refused(
    identity: Identity, whose: str | None, after: str | None, code: str
) -> None:
    ada, bob = await identity.sign_up(), await identity.sign_up("bob@hansa.example")
    variables = {"userId": bob["user"]["id"]} if whose else {"after": str(after)}
    async with following(identity.app, ada, **variables) as answer:
        assert (await answer())["errors"][0]["extensions"]["code"] == code


async def test_nobody_follows_without_a_token(identity: Identity) -> None:
    async with streamed(identity.app, FOLLOW) as response, asyncio.timeout(30):
        refused = [data async for name, data in events(response) if name == "next"]
    assert refused[0]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_event_that_commits_after_a_newer_one_is_told_and_none_twice(
    identity: Identity, database: Database
) -> None:
    ada = await identity.sign_up()
    seen = await newest(identity, ada)
    late = f"""INSERT INTO security_event (kind, outcome, user_id, details)
        VALUES ('SIGNED_IN', 'FAILURE', '{ada["user"]["id"]}', '{{}}'::jsonb)"""
    async with following(identity.app, ada, after=seen) as answer:
        async with database.transaction() as transaction:
            await transaction.execute(late)
            await identity.sign_in("ada@hansa.example", "long enough")
            assert shown(await answer()) == ("SIGNED_IN", "SUCCESS")
        await identity.sign_in("ada@hansa.example", "long enough")
        assert [shown(await answer())[1] for _ in range(2)] == ["FAILURE", "SUCCESS"]


async def test_a_stream_ends_with_its_token(identity: Identity) -> None:
    ada = await identity.sign_up()
    async with asyncio.timeout(30), following(identity.app, ada) as answer:
        await identity.ask(END_ALL, authorization=f"Bearer {ada['accessToken']}")
        refused = False
        while not refused:
            await identity.sign_in("ada@hansa.example", "long enough")
            refused = "errors" in (told := await answer())
    assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_events_come_through_the_router(
    servers: Mapping[str, str], database_url: str, redis_url: str, tmp_path: Path
) -> None:
    options = Options(
        address="127.0.0.1:4000",
        proxy="127.0.0.1:4001",
        directory=tmp_path,
        config=CONFIG,
        environment={"DATABASE_URL": database_url, "REDIS_URL": redis_url, "NATS_URL": servers["NATS_URL"]},
    )
    services = {name: find_service(name) for name in ("identity", "ratelimit", "tenants")}
    async with running_platform(options, services, lambda _part, _state: None) as platform:
        router = open_transport("app://router/graphql", apps={"router": platform.app})
        user = Identity(router, platform.app, {})
        ada = await user.sign_in(DEMO_USERS[1].email, DEMO_PASSWORD)
        seen = await newest(user, ada)
        async with following(platform.app, ada, after=seen) as answer:
            await user.ask(SIGN_IN, {"input": {"email": DEMO_USERS[1].email, "password": FRUITLESS}})
            assert shown(await answer()) == ("SIGNED_IN", "FAILURE")
        await router.close()
