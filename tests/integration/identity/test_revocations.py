"""Revocations: committed with their cause, numbered without gaps, told to every verifier within two seconds."""

import asyncio
import base64
import gzip
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from common.auth.revocation import Cursor, FeedPage, Kind, mark
from common.database import Database
from common.http import Request, Response
from common.live import Live
from subgraphs.identity.service import revocations as service
from subgraphs.identity.service.revocations import RevocationFeed, revoke

ME = "{ me { name } }"


def until(seconds: float = 600) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def claims_of(token: str) -> dict[str, Any]:
    segment = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


@pytest.fixture
async def live(identity: Any) -> AsyncIterator[Live]:
    """As of another process of identity."""
    live = Live(identity.environment["NATS_URL"], "identity")
    async with live.running():
        yield live


@pytest.fixture
async def database(identity: Any, live: Live) -> AsyncIterator[Database]:
    database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
    live.listen_to(database)
    yield database
    await database.close()


@pytest.fixture
def feed(database: Database, live: Live) -> RevocationFeed:
    return RevocationFeed(database, live)


async def revoke_alone(database: Database, kind: Kind, value: str, at: datetime | None = None) -> int:
    async with database.transaction() as transaction:
        return await revoke(transaction, kind, value, at or until())


async def test_a_revoked_token_is_refused_within_two_seconds_although_it_is_remembered(
    identity: Any, database: Database
) -> None:
    token = (await identity.sign_up())["accessToken"]
    bearer = {"authorization": f"Bearer {token}"}
    assert (await identity.post(ME, **bearer)).status == 200
    await revoke_alone(database, Kind.JTI, claims_of(token)["jti"])
    revoked_at = time.monotonic()
    async with asyncio.timeout(10):
        while True:
            answer = await identity.post(ME, **bearer)
            if answer.status != 200:
                break
            await asyncio.sleep(0.02)
    assert time.monotonic() - revoked_at < 2
    assert json.loads(answer.body)["errors"][0]["extensions"]["reason"] == "REVOKED"
    other = (await identity.sign_in("ada@hansa.example", "long enough"))["accessToken"]
    assert (await identity.post(ME, authorization=f"Bearer {other}")).status == 200


async def test_revocations_at_once_are_numbered_without_gaps_and_those_rolled_back_have_none(
    database: Database, feed: RevocationFeed
) -> None:
    async def rolled_back() -> None:
        async with database.transaction() as transaction:
            await revoke(transaction, Kind.SID, "kept", until())
            raise ZeroDivisionError

    work = [revoke_alone(database, Kind.SID, str(number)) for number in range(20)]
    results = await asyncio.gather(*work, *(rolled_back() for _ in range(5)), return_exceptions=True)
    assert sorted(result for result in results if isinstance(result, int)) == list(range(1, 21))
    (page,) = (await feed.page({}, 0)).regions
    assert (page.region, page.position, page.newest) == ("home", 20, 20)
    assert {entry.mark for entry in page.entries} == {mark(Kind.SID, str(number)) for number in range(20)}


async def test_who_is_behind_is_told_what_is_new_and_who_is_not_waits_for_it(
    database: Database, feed: RevocationFeed
) -> None:
    await revoke_alone(database, Kind.JTI, "first")
    (known,) = (await feed.page({}, 0)).regions
    at = {"home": Cursor(known.feed, known.position)}
    assert (await feed.page(at, 0)).regions[0].entries == ()
    waiting = asyncio.create_task(feed.page(at, 10))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await revoke_alone(database, Kind.JTI, "second")
    async with asyncio.timeout(2):
        (news,) = (await waiting).regions
    assert [entry.mark for entry in news.entries] == [mark(Kind.JTI, "second")]


async def test_who_waits_hears_of_what_nobody_was_nudged_about_by_asking_again(
    identity: Any, database: Database
) -> None:
    alone = RevocationFeed(database, Live(identity.environment["NATS_URL"], "nobody"))
    (known,) = (await alone.page({}, 0)).regions
    at = {"home": Cursor(known.feed, known.position)}
    waiting = asyncio.create_task(alone.page(at, 0.2))
    await revoke_alone(database, Kind.JTI, "first")
    await waiting
    assert len((await alone.page(at, 0.2)).regions[0].entries) == 1


async def test_a_reader_of_another_feed_and_one_from_the_future_are_told_everything(
    database: Database, feed: RevocationFeed
) -> None:
    await revoke_alone(database, Kind.JTI, "first")
    (known,) = (await feed.page({}, 0)).regions
    for cursor in (Cursor("other", 1), Cursor(known.feed, 7)):
        assert len((await feed.page({"home": cursor}, 0)).regions[0].entries) == 1


async def test_a_long_feed_comes_in_parts(
    database: Database, feed: RevocationFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for number in range(5):
        await revoke_alone(database, Kind.JTI, str(number))
    positions, at = [], {}
    while not positions or positions[-1] < 5:
        (page,) = (await feed.page(at, 0)).regions
        at = {"home": Cursor(page.feed, page.position)}
        positions.append(page.position)
    assert positions == [2, 4, 5]


async def test_what_is_over_is_not_told_any_more_and_deleted_by_the_next(
    database: Database, feed: RevocationFeed
) -> None:
    await revoke_alone(database, Kind.JTI, "over", until(-1))
    (page,) = (await feed.page({}, 0)).regions
    assert (page.position, page.entries) == (1, ())
    await revoke_alone(database, Kind.JTI, "next")
    async with database.transaction() as transaction:
        rows = await transaction.execute("SELECT seq, value FROM revocation")
        assert rows.all() == [(2, "next")]


async def ask(identity: Any, path: str, *headers: tuple[str, str]) -> Response:
    return await identity.transport.send(Request(path=path, method="GET", headers=headers))  # type: ignore[no-any-return]


async def test_the_door_tells_marks_and_no_names_compressed_where_that_is_worth_it(
    identity: Any, database: Database
) -> None:
    for number in range(50):
        await revoke_alone(database, Kind.SUBJECT_EPOCH, f"subject-{number}")
    plain = await ask(identity, "/revocations")
    assert b"subject" not in plain.body
    assert msgspec.json.decode(plain.body, type=FeedPage).regions[0].newest == 50
    small = await ask(identity, "/revocations", ("accept-encoding", "gzip"))
    assert len(gzip.compress(small.body)) < len(plain.body)
    assert msgspec.json.decode(small.body, type=FeedPage).regions[0].entries == (
        msgspec.json.decode(plain.body, type=FeedPage).regions[0].entries
    )


@pytest.mark.parametrize("after", ["nonsense", "home:x:y", "a:1"])
async def test_a_cursor_of_another_form_is_refused(identity: Any, after: str) -> None:
    answer = await ask(identity, f"/revocations?after={after}")
    assert answer.status == 400
    assert json.loads(answer.body)["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("wait", [-1.0, float("nan"), 1e9])
async def test_whatever_wait_one_asks_for_there_is_an_answer(
    feed: RevocationFeed, monkeypatch: pytest.MonkeyPatch, wait: float
) -> None:
    monkeypatch.setattr(service, "LONGEST_WAIT", 0.1)
    async with asyncio.timeout(5):
        assert (await feed.page({}, wait)).regions[0].newest == 0


async def test_of_too_many_who_wait_the_last_are_answered_at_once(
    feed: RevocationFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_WAITING", 1)
    first = asyncio.create_task(feed.page({}, 10))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(3):
        await feed.page({}, 10)
    assert not first.done()
    first.cancel()
