import asyncio
from typing import Any

import pytest

from common.auth import KeySet, KeysUnavailable
from common.auth.jwk import import_keys
from common.http import open_transport
from tests.unit.auth.conftest import Issuer


async def settled(keys: KeySet) -> None:
    """What is fetched meanwhile is there."""
    if keys._refreshing is not None:
        await keys._refreshing


async def test_keys_are_fetched_once_and_used_until_their_max_age_is_over(
    issuer: Any, keys: KeySet, clock: Any
) -> None:
    await keys.get("k1")
    clock.now += 299
    await keys.get("k1")
    assert issuer.fetches == 1
    clock.now += 2
    await keys.get("k1")
    assert issuer.fetches == 2


async def test_many_at_once_cause_one_fetch(issuer: Any, keys: KeySet) -> None:
    found = await asyncio.gather(*(keys.get("k1") for _ in range(20)))
    assert all(found)
    assert issuer.fetches == 1


async def test_an_unknown_key_id_causes_one_fetch_and_finds_a_new_key(
    issuer: Any, keys: KeySet, clock: Any
) -> None:
    await keys.get("k1")
    issuer.add("k2")
    clock.now += 10
    assert await keys.get("k2") is not None
    assert issuer.fetches == 2


async def test_invented_key_ids_cannot_be_used_against_the_issuer(
    issuer: Any, keys: KeySet, clock: Any
) -> None:
    await keys.get("k1")
    clock.now += 10
    for number in range(50):
        assert await keys.get(f"invented-{number}") is None
    assert issuer.fetches == 2


async def test_known_keys_stay_when_a_fetch_fails(issuer: Any, keys: KeySet, clock: Any) -> None:
    await keys.get("k1")
    issuer.status = 500
    for _ in range(20):
        clock.now += 100
        assert await keys.get("k1") is not None
        await settled(keys)
    assert issuer.fetches > 10


async def test_an_issuer_that_does_not_answer_holds_up_nobody_whose_key_is_known(clock: Any) -> None:
    stuck, asked = asyncio.Event(), 0
    issuer = Issuer()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            await stuck.wait()
        await issuer(scope, receive, send)

    keys = KeySet(open_transport("app://issuer/jwks", apps={"issuer": slow}), clock=clock)
    await keys.get("k1")
    clock.now += 241
    for _ in range(3):
        assert await asyncio.wait_for(keys.get("k1"), 1) is not None
        await asyncio.sleep(0)
    assert asked == 2
    await keys.close()


async def test_nobody_waits_for_an_issuer_that_failed_before_the_keys_were_too_old(clock: Any) -> None:
    stuck, issuer, hangs = asyncio.Event(), Issuer(), False

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if hangs:
            await stuck.wait()
        await issuer(scope, receive, send)

    keys = KeySet(open_transport("app://issuer/jwks", apps={"issuer": app}), clock=clock)
    await keys.get("k1")
    issuer.status = 500
    clock.now += 241
    await keys.get("k1")
    await settled(keys)
    hangs = True
    clock.now += 70
    assert await asyncio.wait_for(keys.get("k1"), 1) is not None
    await keys.close()


async def test_keys_are_renewed_before_they_are_too_old(issuer: Any, keys: KeySet, clock: Any) -> None:
    await keys.get("k1")
    issuer.add("k2")
    del issuer.keys["k1"]
    clock.now += 241
    assert keys.holds("k1")
    await settled(keys)
    assert not keys.holds("k1")
    assert keys.holds("k2")


@pytest.mark.parametrize("seconds", [301, 10_000])
async def test_keys_that_are_too_old_are_not_used_while_the_issuer_answers(
    issuer: Any, keys: KeySet, clock: Any, seconds: float
) -> None:
    await keys.get("k1")
    issuer.add("k2")
    del issuer.keys["k1"]
    clock.now += seconds
    assert await keys.get("k1") is None


async def test_after_an_outage_in_which_nobody_asked_keys_are_fetched_before_they_are_used(
    issuer: Any, keys: KeySet, clock: Any
) -> None:
    await keys.get("k1")
    issuer.status = 500
    clock.now += 301
    await keys.get("k1")
    issuer.status = 200
    issuer.add("k2")
    del issuer.keys["k1"]
    clock.now += 1000
    assert await keys.get("k1") is None


async def test_a_poll_interval_beats_max_age_and_headers_are_sent(issuer: Any, clock: Any) -> None:
    heads: list[dict[bytes, bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heads.append(dict(scope["headers"]))
        await issuer(scope, receive, send)

    transport = open_transport("app://issuer/jwks", apps={"issuer": app})
    keys = KeySet(transport, poll_interval=20, headers=(("x-key", "1"),), clock=clock)
    await keys.get("k1")
    clock.now += 15
    await keys.get("k1")
    await settled(keys)
    assert len(heads) == 1
    clock.now += 6
    await keys.get("k1")
    assert [head[b"x-key"] for head in heads] == [b"1", b"1"]


async def test_without_any_key_nothing_is_judged(issuer: Any, keys: KeySet) -> None:
    issuer.status = 500
    with pytest.raises(KeysUnavailable):
        await keys.get("k1")


PUBLIC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "kid": "k1",
    "alg": "ES256",
}
"""The key of RFC 7515 appendix A.3."""


@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"},
        {"alg": None},
        {"kid": None},
        {"kid": 1},
        {"d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"},
        {"kty": "oct", "alg": "HS256", "k": "c2VjcmV0" * 8},
        {"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"},
        {"kty": "RSA", "alg": "RS256", "n": "AQAB" * 32, "e": "AQAB"},
        {"kty": "RSA", "alg": "RS256", "n": "AQAB" * 88, "e": "AQ"},
        {"kty": "RSA", "alg": "RS256", "n": 5, "e": "AQAB"},
    ],
    ids=str,
)
def test_a_key_that_may_not_verify_is_left_out_and_the_others_stay(members: dict[str, Any]) -> None:
    other = {name: value for name, value in (PUBLIC | members).items() if value is not None}
    assert set(import_keys([{**PUBLIC, "kid": "k0"}, other])) == {"k0"}


def test_an_id_that_two_keys_have_is_that_of_none() -> None:
    assert set(import_keys([PUBLIC, {**PUBLIC, "kid": "k2"}, PUBLIC])) == {"k2"}


async def test_a_set_that_takes_over_waits_for_nobody_and_asks_anew(
    issuer: Any, keys: KeySet, clock: Any
) -> None:
    await keys.get("k1")
    successor = KeySet(open_transport("app://issuer/jwks", apps={"issuer": issuer}), clock=clock)
    successor.take_over(keys)
    assert successor.holds("k1")
    assert issuer.fetches == 1
    await settled(successor)
    assert issuer.fetches == 2


async def test_a_set_that_takes_over_keeps_the_keys_of_an_issuer_that_is_down(
    issuer: Any, keys: KeySet, clock: Any
) -> None:
    await keys.get("k1")
    issuer.status = 503
    clock.now += 301
    successor = KeySet(open_transport("app://issuer/jwks", apps={"issuer": issuer}), clock=clock)
    successor.take_over(keys)
    assert await successor.get("k1")
