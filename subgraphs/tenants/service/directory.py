"""Keys that were looked up before, in memory: true to within half a second, by the feed of changes.

While the database cannot be asked, what is remembered counts for `TTL` more, and what is not remembered cannot be judged.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from common.database import RetryableError
from common.errors import OverloadedError
from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.service.feed import Feed

V = TypeVar("V")

TTL = 60.0  # seconds
KNOWN = 100_000
UNKNOWN = 10_000  # apart, so that no flood of made-up keys drives the real ones out


class KeyDirectory:
    """Finds keys by `find_facts`, which asks the database, and forgets those that `feed` says have changed."""

    def __init__(self, feed: Feed, find_facts: Callable[[bytes], Awaitable[KeyFacts | None]]) -> None:
        self._feed = feed
        self._find_facts = find_facts
        self._known: dict[bytes, KeyFacts] = {}
        self._unknown: dict[bytes, None] = {}
        self._forgotten = 0
        feed.on_keys = self._forget

    async def find(self, key_hash: bytes) -> KeyFacts | None:
        """What is known of the key, which may have expired; None if it does not count for another reason.

        Raises:
            OverloadedError: the database cannot be asked, and the key is not remembered.
        """
        if self._feed.age <= TTL:
            known = self._known.get(key_hash)
            if known is not None or key_hash in self._unknown:
                return known
        forgotten = self._forgotten
        try:
            facts = await self._find_facts(key_hash)
        except RetryableError:
            raise OverloadedError("The key cannot be judged now; try again in a moment") from None
        if forgotten == self._forgotten:  # else it may have changed since it was read
            self._remember(key_hash, facts)
        return facts

    def _remember(self, key_hash: bytes, facts: KeyFacts | None) -> None:
        if facts is None:
            _put(self._unknown, key_hash, None, UNKNOWN)
        else:
            _put(self._known, key_hash, facts, KNOWN)

    def _forget(self, hashes: Sequence[bytes] | None) -> None:
        self._forgotten += 1
        if hashes is None:
            self._known.clear()
            self._unknown.clear()
            return
        for key_hash in hashes:
            self._known.pop(key_hash, None)
            self._unknown.pop(key_hash, None)


def _put(remembered: dict[bytes, V], key: bytes, value: V, most: int) -> None:
    if len(remembered) >= most:
        remembered.pop(next(iter(remembered)))
    remembered[key] = value
