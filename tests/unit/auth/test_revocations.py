"""A verifier that follows the feed refuses what was revoked, and knows how old its knowledge is."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.auth import (
    InvalidToken,
    KeySet,
    Reason,
    Revocations,
    RevocationsStale,
    StalePolicy,
    TokenVerifier,
)
from common.auth.revocation import Cursor, Entry, FeedPage, Kind, RegionPage, mark
from common.http import open_transport
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Clock, Issuer

LATER = time.time() + 86_400
CLAIMS = {"jti": "j1", "sid": "s1", "fam": "f1", "client_id": "c1", "iat": 1000.5}


class Feed:
    """A feed of one region that answers by the protocol, two entries at a time."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.id = "a"
        self.status = 200
        self.lag = 0.0
        self.asked: list[str] = []

    def revoke(self, kind: Kind, value: str, issued_until: float | None = None) -> None:
        self.entries.append(Entry(len(self.entries) + 1, mark(kind, value), LATER, issued_until))

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        query = parse_qs(scope["query_string"].decode())
        self.asked.append(query.get("after", [""])[0])
        at = Cursor.parse(self.asked[-1]).get("home", Cursor("", 0))
        position = at.position if at.feed == self.id else 0
        if position == len(self.entries):
            await asyncio.sleep(min(float(query["wait"][0]), 0.01))
        new = tuple(self.entries[position : position + 2])
        region = RegionPage("home", self.id, position + len(new), len(self.entries), self.lag, new)
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode(FeedPage((region,)))})


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def clock() -> Clock:
    """The verifier's, not that of its keys."""
    return Clock()


@pytest.fixture
def keys(issuer: Issuer) -> KeySet:
    return KeySet(open_transport("app://issuer/jwks", apps={"issuer": issuer}))


@pytest.fixture
async def revocations(feed: Feed, clock: Clock) -> AsyncIterator[Revocations]:
    revocations = follow(feed, clock)
    yield revocations
    await revocations.aclose()


def follow(feed: Feed, clock: Clock, policy: StalePolicy | None = None) -> Revocations:
    transport = open_transport("app://feed/revocations", apps={"feed": feed})
    return Revocations(transport, policy, clock=clock)


@pytest.fixture
def verifier(keys: Any, revocations: Revocations) -> TokenVerifier:
    return TokenVerifier(keys, [ISSUER], [AUDIENCE], revocations=revocations)


async def heard(feed: Feed) -> None:
    """The verifier has had every answer that it asked for until now."""
    asked = len(feed.asked)
    await eventually(lambda: len(feed.asked) >= asked + 2)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def reason(verifier: TokenVerifier, token: str) -> Reason | None:
    try:
        await verifier.verify(token)
    except InvalidToken as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.JTI, "j1"),
        (Kind.SID, "s1"),
        (Kind.FAMILY, "f1"),
        (Kind.SUBJECT_EPOCH, "u1"),
        (Kind.CLIENT_EPOCH, "c1"),
        (Kind.KID, "k1"),
    ],
)
async def test_a_token_is_refused_by_whatever_it_is_revoked_by_remembered_or_not(
    issuer: Issuer, feed: Feed, verifier: TokenVerifier, kind: Kind, value: str
) -> None:
    token = issuer.token(CLAIMS)
    assert await reason(verifier, token) is None
    feed.revoke(kind, "another", 2000.0 if kind.is_epoch else None)
    await heard(feed)
    assert await reason(verifier, token) is None
    assert verifier.recall(token) is not None
    feed.revoke(kind, value, 2000.0 if kind.is_epoch else None)
    await heard(feed)
    assert verifier.recall(token) is None
    assert await reason(verifier, token) is Reason.REVOKED


async def test_an_epoch_ends_what_was_issued_until_then_and_nothing_later(
    issuer: Issuer, feed: Feed, verifier: TokenVerifier
) -> None:
    feed.revoke(Kind.SUBJECT_EPOCH, "u1", 1000.5)
    feed.revoke(Kind.SUBJECT_EPOCH, "u1", 900.0)
    for issued_at, expected in ((1000.25, Reason.REVOKED), (1000.5, Reason.REVOKED), (1000.75, None)):
        assert await reason(verifier, issuer.token({"iat": issued_at})) is expected
    without = issuer.token()
    assert await reason(verifier, without) is Reason.REVOKED


async def test_the_first_token_waits_for_all_that_is_revoked_already(
    issuer: Issuer, feed: Feed, verifier: TokenVerifier
) -> None:
    for number in range(5):
        feed.revoke(Kind.JTI, f"other-{number}")
    feed.revoke(Kind.JTI, "j1")
    assert await reason(verifier, issuer.token(CLAIMS)) is Reason.REVOKED
    assert feed.asked[:3] == ["", "home:2:a", "home:4:a"]


async def test_a_feed_that_counts_anew_is_read_anew_and_nothing_known_is_forgotten(
    issuer: Issuer, feed: Feed, verifier: TokenVerifier
) -> None:
    feed.revoke(Kind.JTI, "j1")
    assert await reason(verifier, issuer.token(CLAIMS)) is Reason.REVOKED
    feed.entries, feed.id = [], "b"
    feed.revoke(Kind.JTI, "j2")
    await heard(feed)
    await heard(feed)
    for jti in ("j1", "j2"):
        assert await reason(verifier, issuer.token({"jti": jti})) is Reason.REVOKED


async def test_without_news_for_too_long_nothing_is_accepted_and_with_news_again_everything(
    issuer: Issuer, feed: Feed, verifier: TokenVerifier, revocations: Revocations, clock: Clock
) -> None:
    token = issuer.token(CLAIMS)
    await verifier.verify(token)
    feed.status = 503
    await heard(feed)
    clock.now += 590
    assert verifier.recall(token) is not None
    clock.now += 20
    assert revocations.staleness("home") >= 610
    assert verifier.recall(token) is None
    with pytest.raises(RevocationsStale):
        await verifier.verify(token)
    feed.status = 200
    await eventually(lambda: verifier.recall(token) is not None)


async def test_what_another_region_has_not_heard_for_long_ends_its_own_tokens_only(
    issuer: Issuer, feed: Feed, verifier: TokenVerifier
) -> None:
    issuer.add("home:1")
    issuer.add("away:1")
    feed.lag = 1000.0
    away = issuer.token(CLAIMS, {"kid": "away:1"}, issuer.keys["away:1"])
    await verifier.verify(away)
    home = issuer.token(CLAIMS, {"kid": "home:1"}, issuer.keys["home:1"])
    with pytest.raises(RevocationsStale):
        await verifier.verify(home)


async def test_a_verifier_that_never_heard_anything_does_what_the_policy_says(
    issuer: Issuer, keys: KeySet, feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.auth.revocation.revocations._FIRST", 0.05)
    feed.status = 500
    for policy in (StalePolicy(), StalePolicy(stale_ok=1e9), StalePolicy(then="accept")):
        async with aclosing(follow(feed, clock, policy)) as revocations:
            verifier = TokenVerifier(keys, [ISSUER], [AUDIENCE], revocations=revocations)
            if policy.then == "accept":
                assert await verifier.verify(issuer.token(CLAIMS))
                continue
            with pytest.raises(RevocationsStale):
                await verifier.verify(issuer.token(CLAIMS))


def test_of_a_tokens_scopes_the_strictest_time_counts() -> None:
    policy = StalePolicy(stale_ok=60, scopes={"pay": 5, "admin": 1, "read": 600})
    assert policy.limit(["read", "pay"]) == 5
    assert policy.limit(["read"]) == 600
    assert policy.limit(["other"]) == 60
    assert StalePolicy(then="accept", scopes={"pay": 5}).limit(["pay"]) == 5


async def test_a_successor_begins_with_what_is_known(
    issuer: Issuer, keys: KeySet, feed: Feed, revocations: Revocations, clock: Clock
) -> None:
    feed.revoke(Kind.JTI, "j1")
    await revocations.ready()
    feed.status = 500
    async with aclosing(follow(feed, clock)) as successor:
        successor.take_over(revocations)
        verifier = TokenVerifier(keys, [ISSUER], [AUDIENCE], revocations=successor)
        assert await reason(verifier, issuer.token(CLAIMS)) is Reason.REVOKED
        assert await reason(verifier, issuer.token({"jti": "j2"})) is None


names = st.from_regex(r"[a-z0-9-]+", fullmatch=True)


@given(st.dictionaries(names, st.builds(Cursor, names, st.integers(0, 2**63 - 1))))
def test_a_cursor_is_read_as_it_was_written(cursors: dict[str, Cursor]) -> None:
    assert Cursor.parse(Cursor.format(cursors)) == cursors
