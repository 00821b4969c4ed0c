"""Keys in memory: what is remembered is what is so, whatever changes while it is read."""

import time
from unittest.mock import MagicMock

import pytest

from common.database import DatabaseUnavailableError
from common.errors import OverloadedError
from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.service import directory as module
from subgraphs.tenants.service.directory import TTL, KeyDirectory
from subgraphs.tenants.service.feed import Feed

KEY = b"k" * 32
FACTS = KeyFacts(id="1", tenant="t", consumer="c", plan="p")


class Books:
    """What the database would say, how often it was asked, and what happens meanwhile."""

    def __init__(self) -> None:
        self.keys: dict[bytes, KeyFacts] = {KEY: FACTS}
        self.asked = 0
        self.is_down = False
        self.feed = Feed(MagicMock(), MagicMock())
        self.feed._confirmed_at = time.monotonic()
        self.directory = KeyDirectory(self.feed, self.find)
        self.meanwhile = lambda: None

    async def find(self, key_hash: bytes) -> KeyFacts | None:
        self.asked += 1
        if self.is_down:
            raise DatabaseUnavailableError
        found = self.keys.get(key_hash)
        self.meanwhile()
        return found

    def revoke(self) -> None:
        del self.keys[KEY]
        self.feed.on_keys([KEY])


async def test_a_key_is_looked_up_once_until_it_changes() -> None:
    books = Books()
    assert [await books.directory.find(KEY) for _ in range(3)] == [FACTS] * 3
    assert books.asked == 1
    books.revoke()
    assert [await books.directory.find(KEY) for _ in range(3)] == [None] * 3
    assert books.asked == 2


async def test_what_was_read_while_it_changed_is_not_kept() -> None:
    books = Books()
    books.meanwhile = books.revoke
    assert await books.directory.find(KEY) == FACTS
    books.meanwhile = lambda: None
    assert await books.directory.find(KEY) is None


async def test_all_is_forgotten_when_changes_were_missed() -> None:
    books = Books()
    await books.directory.find(KEY)
    books.feed.on_keys(None)
    await books.directory.find(KEY)
    assert books.asked == 2


async def test_without_the_database_what_is_remembered_counts_for_its_time_and_no_longer() -> None:
    books = Books()
    await books.directory.find(KEY)
    books.is_down = True
    books.feed._confirmed_at = time.monotonic() - TTL + 5
    assert await books.directory.find(KEY) == FACTS
    with pytest.raises(OverloadedError):
        await books.directory.find(b"x" * 32)
    books.feed._confirmed_at = time.monotonic() - TTL - 1
    with pytest.raises(OverloadedError):
        await books.directory.find(KEY)


async def test_a_flood_of_made_up_keys_drives_no_real_one_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNKNOWN", 3)
    monkeypatch.setattr(module, "KNOWN", 3)
    books = Books()
    await books.directory.find(KEY)
    for number in range(10):
        assert await books.directory.find(bytes([number]) * 32) is None
    assert len(books.directory._unknown) == 3
    await books.directory.find(KEY)
    assert books.asked == 11
