import asyncio
from typing import Any

import pytest

from common.auth import KeySet, KeysUnavailable


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
    clock.now += 301
    assert await keys.get("k1") is not None


async def test_without_any_key_nothing_is_judged(issuer: Any, keys: KeySet) -> None:
    issuer.status = 500
    with pytest.raises(KeysUnavailable):
        await keys.get("k1")


async def test_keys_for_encryption_private_keys_and_keys_without_algorithm_are_left_out(
    issuer: Any, keys: KeySet
) -> None:
    issuer.add("enc", use="enc")
    assert await keys.get("k1")
    assert not keys.holds("enc")
