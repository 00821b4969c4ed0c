"""The entries of the response cache in Valkey, all of a step in one round trip (`script.lua` says how they are valid).

A server that is down or slow is nobody's error: nothing is found then, and for a while nobody asks.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from gateway.server.config.response_cache import ResponseCacheRedis
from gateway.server.response_cache.pipe import Pipe

_SCRIPT = Path(__file__).with_name("script.lua").read_text(encoding="utf-8")
_FAILURES = (RedisError, OSError, TimeoutError)
_PAUSE = 1.0
"""Seconds for which nothing is asked of a server that failed; then one request tries."""
_TOLERATED = 3
"""Answers in a row that came too late until the server counts as one that failed: a busy router is late by itself."""

_log = logging.getLogger("hansa.router")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[tuple[int, int, int], list[tuple[int, int, int] | bool]]).decode


class Wanted(NamedTuple):
    """Something to look up: by the first of its `keys` that has it; `tags` are those it is known to have."""

    keys: Sequence[str]
    tags: Sequence[str]


class Found(NamedTuple):
    """Data, the place of the key that had it, and the seconds that it stays valid at most."""

    place: int
    seconds: float
    data: bytes


class Version(NamedTuple):
    """What a lookup saw of the invalidations before it: `epoch` and `floor` are equal where none came between."""

    born: int
    epoch: int
    floor: int


class Lookup(NamedTuple):
    """What was found, in the order of what was wanted."""

    version: Version
    found: list[Found | None]


def status(found: Sequence[Found | None]) -> str:
    """Whether all, some or nothing was found, as Apollo Router calls it."""
    if None not in found:
        return "hit"
    return "partial_hit" if any(found) else "miss"


class Entry(NamedTuple):
    """Something to store for `milliseconds`, valid until one of its tags is made invalid."""

    key: str
    milliseconds: int
    tags: Sequence[str]
    data: bytes


class ValkeyUnavailable(Exception):  # noqa: N818 - says what is the case
    """Valkey did not answer; an invalidation may have happened or not."""


class ValkeyEntries:
    """The entries below one namespace of one server."""

    def __init__(self, config: ResponseCacheRedis) -> None:
        self._config = config
        # Pipe waits for no longer than `patience`; redis' own timeout would do so by asyncio.wait_for, which may swallow a
        # cancellation.
        pool = ConnectionPool.from_url(config.urls[0], retry=Retry(NoBackoff(), 0), socket_timeout=None)
        patience = max(config.fetch_timeout, config.insert_timeout, config.invalidate_timeout)
        self._lookups = Pipe(pool, patience)
        self._changes = Pipe(pool, patience)  # which are larger, and waited for by nobody or for longer
        self._prefix = f"{config.namespace or ''}:response_cache:".lstrip(":")
        database = pool.connection_kwargs.get("db", 0)
        # What names it is part of it: the server tells by a script that is not there that this namespace begins an epoch.
        self._script = f"-- {database} {self._prefix!r}\n{_SCRIPT}"
        self._digest = sha1(self._script.encode(), usedforsecurity=False).hexdigest()
        self._bringing = asyncio.Lock()
        self._paused_until = 0.0
        self._has_failed = False
        self._late = 0

    async def lookup(self, wanted: Sequence[Wanted]) -> Lookup | None:
        """What is there of `wanted`; None where Valkey does not answer in time."""
        luck = -math.log(1.0 - random.random())  # noqa: S311 - it spreads refreshes, and guards nothing
        answer = await self._try(
            self._lookups, self._config.fetch_timeout, b"lookup", _encode((luck, wanted))
        )
        if answer is None:
            return None
        return _read_lookup(*answer)

    async def store(self, version: Version, entries: Sequence[Entry]) -> None:
        """Keeps entries that were fetched after the lookup of `version`, but for those that became invalid since."""
        described = [entry[:3] for entry in entries]
        request = _encode((version.born, version.epoch, described))
        data = [entry.data for entry in entries]
        await self._try(self._changes, self._config.insert_timeout, b"store", request, *data)

    async def invalidate(self, tags: Sequence[str]) -> int:
        """Makes invalid what was stored with any of `tags`: how many entries, some of which may have ended before.

        No lookup that begins after this returns finds what was fetched before. Raises ValkeyUnavailable.
        """
        for is_last in (False, True):  # a connection that a restarted server has closed fails once
            try:
                async with asyncio.timeout(self._config.invalidate_timeout):
                    return int(await self._run(self._changes, b"invalidate", _encode(tags)))
            except _FAILURES as error:
                if is_last:
                    raise ValkeyUnavailable(repr(error)) from error
        raise AssertionError("unreachable")

    async def require(self) -> None:
        """Raises ValueError where a router must not start without the server, and it does not answer."""
        if self._config.required_to_start:
            try:
                await self.invalidate(())
            except ValkeyUnavailable as error:
                raise ValueError(f"The response cache's Valkey does not answer: {error}") from None

    async def close(self) -> None:
        await self._lookups.close()
        await self._changes.close()

    async def _try(self, pipe: Pipe, seconds: float, operation: bytes, request: bytes, *data: bytes) -> Any:
        if not self._may_ask():
            return None
        try:
            async with asyncio.timeout(seconds):
                answer = await self._run(pipe, operation, request, *data)
        except _FAILURES as error:
            self._late += 1
            if self._has_failed or self._late >= _TOLERATED or not isinstance(error, TimeoutError):
                self._pause(error)
            return None
        self._has_failed = False
        self._late = 0
        self._paused_until = 0.0
        return answer

    def _pause(self, error: Exception) -> None:
        self._paused_until = time.monotonic() + _PAUSE
        if not self._has_failed:
            _log.warning("Answers are not cached: Valkey does not answer: %r", error)
        self._has_failed = True

    def _may_ask(self) -> bool:
        if not self._has_failed:
            return True
        now = time.monotonic()
        if now < self._paused_until:
            return False
        self._paused_until = now + _PAUSE  # the others wait for what this one finds
        return True

    async def _run(self, pipe: Pipe, operation: bytes, request: bytes, *data: bytes) -> Any:
        arguments = (self._prefix, operation, request)
        try:
            return await pipe.call("EVALSHA", self._digest, 0, *arguments, b"", *data)
        except NoScriptError:
            async with self._bringing:
                try:
                    return await pipe.call("EVALSHA", self._digest, 0, *arguments, b"", *data)
                except NoScriptError:
                    answer = await pipe.call("EVAL", self._script, 0, *arguments, b"fresh", *data)
                    await pipe.call("SCRIPT LOAD", self._script)  # what only EVAL brought may be dropped
                    return answer


def _read_lookup(described: bytes, data: bytes) -> Lookup:
    version, hits = _decode(described)
    found: list[Found | None] = []
    start = 0
    for hit in hits:
        if isinstance(hit, bool):
            found.append(None)
            continue
        place, milliseconds, size = hit
        found.append(Found(place - 1, milliseconds / 1000, data[start : start + size]))
        start += size
    return Lookup(Version(*version), found)
