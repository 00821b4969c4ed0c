"""Guarantee: a key that is revoked is refused once the feed says so, and after the TTL where the feed is cut."""

import asyncio

import pytest

from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.dataplane.keys import Keys, KeysUnavailableError, credential_of
from subgraphs.tenants.dataplane.keys.generations import Generations

ADA = KeyFacts(id="k1", tenant="acme", consumer="ada", plan="free", scopes=frozenset({"b", "a"}))


class Directory:
    """Keys by hash; counts questions and can be held up, or down."""

    def __init__(self) -> None:
        self.facts: dict[str, KeyFacts] = {"ada": ADA}
        self.asked = 0
        self.now = 100.0
        self.is_down = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def find(self, key_hash: str) -> KeyFacts | None:
        self.asked += 1
        found = self.facts.get(key_hash)
        await self.may_answer.wait()
        if self.is_down:
            raise ConnectionError
        return found

    def clock(self) -> float:
        return self.now

    def keys(self, **options: int) -> Keys:
        return Keys(self.find, ttl=10, clock=self.clock, **options)


async def holder(keys: Keys, key_hash: str = "ada") -> str | None:
    async with asyncio.timeout(5):
        found = await keys.get(key_hash)
    return found.facts.consumer if found else None


async def test_a_key_is_asked_for_once_and_so_is_one_that_is_unknown() -> None:
    directory = Directory()
    keys = directory.keys()
    assert [await holder(keys) for _ in range(3)] == ["ada"] * 3
    assert [await holder(keys, "nobody") for _ in range(3)] == [None] * 3
    assert directory.asked == 2


async def test_many_who_want_one_key_at_once_ask_once() -> None:
    directory = Directory()
    keys = directory.keys()
    assert await asyncio.gather(*(holder(keys) for _ in range(20))) == ["ada"] * 20
    assert directory.asked == 1


async def test_a_change_is_believed_at_once() -> None:
    directory = Directory()
    keys = directory.keys()
    assert await holder(keys) == "ada"
    del directory.facts["ada"]
    keys.changed(["ada"])
    assert await holder(keys) is None
    directory.facts["ada"] = ADA
    assert await holder(keys) is None
    keys.changed(["ada"])
    assert await holder(keys) == "ada"


async def test_what_was_read_before_a_change_is_read_again() -> None:
    directory = Directory()
    keys = directory.keys()
    directory.may_answer.clear()
    asking = asyncio.create_task(holder(keys))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del directory.facts["ada"]  # read already, and not yet told
    keys.changed(["ada"])
    directory.may_answer.set()
    assert await asking is None
    assert await holder(keys) is None


async def test_without_the_feed_a_key_counts_for_the_ttl() -> None:
    directory = Directory()
    keys = directory.keys()
    assert await holder(keys) == "ada"
    directory.is_down = True
    directory.now += 10
    assert await holder(keys) == "ada"
    directory.now += 0.1
    with pytest.raises(KeysUnavailableError):
        await holder(keys)


async def test_while_the_feed_is_heard_a_key_counts_on() -> None:
    directory = Directory()
    keys = directory.keys()
    for _ in range(10):
        assert await holder(keys) == "ada"
        directory.now += 9
        keys.heard()
    assert directory.asked == 1


async def test_a_feed_that_cannot_tell_what_has_changed_forgets_all() -> None:
    directory = Directory()
    keys = directory.keys()
    assert await holder(keys) == "ada"
    keys.forget()
    assert await holder(keys) == "ada"
    assert directory.asked == 2


async def test_guesses_push_out_no_keys_and_are_bounded() -> None:
    directory = Directory()
    keys = directory.keys(capacity=10)
    assert await holder(keys) == "ada"
    for number in range(100):
        await holder(keys, f"guess {number}")
    asked = directory.asked
    assert await holder(keys) == "ada"
    assert directory.asked == asked


async def test_a_control_plane_that_is_down_is_not_asked_each_time() -> None:
    directory = Directory()
    keys = directory.keys()
    directory.is_down = True
    for number in range(20):
        with pytest.raises(KeysUnavailableError):
            await holder(keys, f"key {number}")
    assert directory.asked == 3


async def test_an_upstream_is_told_whose_key_it_is() -> None:
    found = await Directory().keys().get("ada")
    assert found
    assert found.lines.decode().split("\r\n")[:-1] == [
        "x-hansa-tenant: acme",
        "x-hansa-consumer: ada",
        "x-hansa-key: k1",
        "x-hansa-plan: free",
        "x-hansa-scopes: a b",
    ]


def test_a_key_is_in_either_header() -> None:
    bearer, own = credential_of({b"authorization": b"bearer abc"}), credential_of({b"x-api-key": b"abc"})
    assert bearer
    assert own
    assert bearer.key_hash == own.key_hash
    assert credential_of({b"authorization": b"Basic abc"}) is None
    assert credential_of({b"authorization": b"Bearer "}) is None
    assert credential_of({b"x-api-key": b"a" * 300}) is None


def test_what_was_used_lately_stays() -> None:
    map_ = Generations[int, int](10)
    map_.put(0, 0)
    for number in range(1, 1000):
        map_.put(number, number)
        assert map_.get(0) == 0
        assert len(map_) <= 10
