"""What keys are known to be: from memory while the change feed vouches for it, from the control plane else.

An entry counts for `ttl` seconds after it was read, or after the feed was last heard if that is later: all that had
changed by then is out of memory. So a key that is revoked is refused as soon as the feed says so, and after `ttl`
where the feed is cut. That a key is unknown is remembered in the same way, in a memory of its own, so that guesses
cannot push out keys.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from msgspec import Struct

from common.resilience import Breaker
from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.dataplane.keys.generations import Generations

CAPACITY = 100_000
_FINDS = 256
"""Keys that are looked up at the same time at most."""
_TIMEOUT = 2.0
_ATTEMPTS = 3


class KeysUnavailableError(Exception):
    """It is not known whether the key counts, and the control plane does not say."""


class KnownKey(Struct, frozen=True):
    """A key's facts, and the header lines that tell an upstream of them."""

    facts: KeyFacts
    lines: bytes

    @classmethod
    def of(cls, facts: KeyFacts) -> "KnownKey":
        told = {
            "tenant": facts.tenant,
            "consumer": facts.consumer,
            "key": facts.id,
            "plan": facts.plan,
            "scopes": " ".join(sorted(facts.scopes)),
        }
        return cls(facts, "".join(f"x-hansa-{name}: {value}\r\n" for name, value in told.items()).encode())


class _Entry(Struct, frozen=True):
    known: KnownKey | None
    read_at: float


class _Finding(Struct):
    """A look-up under way; `is_stale` once the key has changed meanwhile."""

    task: "asyncio.Task[KnownKey | None]"
    is_stale: bool = False


class Keys:
    """Finds keys by `find`, which raises where it cannot tell."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[KeyFacts | None]],
        *,
        ttl: float = 60.0,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._ttl = ttl
        self._clock = clock
        self._heard_at = float("-inf")
        self._known = Generations[str, _Entry](capacity)
        self._unknown = Generations[str, _Entry](capacity)
        self._finding: dict[str, _Finding] = {}
        self._learned: dict[str, KeyFacts] = {}
        self._most_learned = capacity
        self._breaker = Breaker(clock)

    def remembered(self, key_hash: str) -> _Entry | None:
        """The entry that counts now."""
        entry = self._known.get(key_hash) or self._unknown.get(key_hash)
        if entry is None or self._clock() > max(entry.read_at, self._heard_at) + self._ttl:
            return None
        return entry

    async def get(self, key_hash: str) -> KnownKey | None:
        """The key; None where there is none. Raises KeysUnavailableError."""
        entry = self.remembered(key_hash)
        if entry is not None:
            return entry.known
        for _ in range(_ATTEMPTS):
            finding = self._finding.get(key_hash) or self._start(key_hash)
            found = await asyncio.shield(finding.task)
            if not finding.is_stale:
                return found
        raise KeysUnavailableError("the key changes all the time")

    # The change feed

    def changed(self, hashes: Iterable[str]) -> None:
        """Forget these keys; what is being read of them is read again."""
        for key_hash in hashes:
            self._known.drop(key_hash)
            self._unknown.drop(key_hash)
            self._learned.pop(key_hash, None)
            if (finding := self._finding.pop(key_hash, None)) is not None:
                finding.is_stale = True

    def forget(self) -> None:
        """Nothing that is remembered counts any more."""
        self._known.clear()
        self._unknown.clear()
        self._learned.clear()
        for finding in self._finding.values():
            finding.is_stale = True
        self._finding.clear()

    def heard(self) -> None:
        """All that has changed until now was told."""
        self._heard_at = self._clock()

    # From one process to the next

    def restore(self, known: Mapping[str, KnownKey], *, age: float) -> None:
        """What a process knew for which the feed vouched `age` seconds ago; a clock that went back since vouches for nothing."""
        for key_hash, key in known.items():
            self._known.put(key_hash, _Entry(key, float("-inf")))
        if age >= 0:
            self._heard_at = self._clock() - age

    def take_learned(self) -> dict[str, KeyFacts]:
        """The keys that were looked up since the last time, but for those that have changed meanwhile."""
        learned, self._learned = self._learned, {}
        return learned

    # Looking up

    def _start(self, key_hash: str) -> _Finding:
        if len(self._finding) >= _FINDS:
            raise KeysUnavailableError("too many keys are being looked up")
        if not self._breaker.admits():
            raise KeysUnavailableError("the control plane is not asked for a moment, since it did not answer")
        finding = self._finding[key_hash] = _Finding(asyncio.create_task(self._look_up(key_hash)))
        finding.task.add_done_callback(lambda _: self._finish(key_hash, finding))
        return finding

    async def _look_up(self, key_hash: str) -> KnownKey | None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                facts = await self._find(key_hash)
        except BaseException as error:
            self._breaker.fail()
            if isinstance(error, Exception):
                raise KeysUnavailableError(str(error)) from error
            raise
        self._breaker.succeed()
        return KnownKey.of(facts) if facts is not None else None

    def _finish(self, key_hash: str, finding: _Finding) -> None:
        if self._finding.get(key_hash) is finding:
            del self._finding[key_hash]
        if finding.task.cancelled() or finding.task.exception() is not None or finding.is_stale:
            return
        known = finding.task.result()
        memory = self._unknown if known is None else self._known
        memory.put(key_hash, _Entry(known, self._clock()))
        if known is not None and len(self._learned) < self._most_learned:
            self._learned[key_hash] = known.facts
