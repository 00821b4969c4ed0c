"""An entry is refreshed a little before its end by one who is lucky, the sooner the longer it took to fetch."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.server.config.response_cache import ResponseCacheRedis
from gateway.server.response_cache import valkey
from gateway.server.response_cache.valkey import Entry, ValkeyEntries, Wanted

WANTED = [Wanted(["key"], ["tag"])]


@pytest.fixture
async def entries(redis_url: str) -> AsyncIterator[ValkeyEntries]:
    entries = ValkeyEntries(ResponseCacheRedis(urls=(redis_url,)))
    yield entries
    await entries.close()


async def is_found(entries: ValkeyEntries, chance: float, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(valkey.random, "random", lambda: chance)
    lookup = await entries.lookup(WANTED)
    assert lookup is not None
    return lookup.found[0] is not None


async def test_only_the_lucky_refresh_what_is_near_its_end(
    entries: ValkeyEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await entries.lookup(WANTED)
    assert before is not None
    await asyncio.sleep(0.2)  # so long the subgraph takes
    await entries.store(before.version, [Entry("key", 60_000, ["tag"], b"1")])
    assert await is_found(entries, 0.0, monkeypatch)
    assert await is_found(entries, 0.999, monkeypatch)
    await entries.store(before.version, [Entry("key", 1_000, ["tag"], b"1")])
    assert await is_found(entries, 0.0, monkeypatch)
    assert not await is_found(entries, 0.9999, monkeypatch)
