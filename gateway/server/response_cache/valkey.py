"""The entries of the response cache in Valkey, all of a step in one round trip (`script.lua` says how they are valid).

A server that is down or slow is nobody's error: nothing is found then, and for a while nobody asks.
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from common.resilience import Breaker
from common.valkey import ReplyError, Valkey, ValkeyUnavailableError, open_valkey
from gateway.server.config.response_cache import ResponseCacheRedis

_SCRIPT = Path(__file__).with_name("script.lua").read_text(encoding="utf-8")
_FAILURES = (ReplyError, ValkeyUnavailableError, TimeoutError)
_PAUSE = 1.0
"""Seconds for which nothing is asked of a server that failed; then one request tries."""
_TOLERATED = 3
"""Answers in a row that did not come until the server counts as one that failed: a busy router is late by itself."""

_log = logging.getLogger("hansa.router")
_Ask = Callable[..., Awaitable[Any]]
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


class ValkeyEntries:
    """The entries below one namespace of one server, or in one slot of a cluster."""

    def __init__(self, config: ResponseCacheRedis) -> None:
        self._config = config
        self._lookups = open_valkey(*config.urls, timeout=config.fetch_timeout, breaker=_breaker)
        # What is larger, and waited for by nobody or for longer, does not hold up lookups.
        self._changes = open_valkey(*config.urls, timeout=config.insert_timeout, breaker=_breaker)
        name = f"{config.namespace or ''}:response_cache".lstrip(":")
        self._prefix = f"{{{name}}}:"
        # The script names its keys itself. One that is there and one that never is: a cluster then refuses the whole script
        # while it moves the slot key by key, and some of what is asked about may be on the other side.
        self._keys = (2, f"{self._prefix}clock", f"{self._prefix}nothing")
        # What names it is part of it: the server tells by a script that is not there that this namespace begins an epoch.
        self._script = f"-- {self._lookups.address.database} {self._prefix!r}\n{_SCRIPT}"
        self._digest = sha1(self._script.encode(), usedforsecurity=False).hexdigest()
        self._bringing = asyncio.Lock()
        self._answers = True

    async def lookup(self, wanted: Sequence[Wanted]) -> Lookup | None:
        """What is there of `wanted`; None where Valkey does not answer in time."""
        luck = -math.log(1.0 - random.random())  # noqa: S311 - it spreads refreshes, and guards nothing
        answer = await self._try(self._lookups, b"lookup", _encode((luck, wanted)))
        return None if answer is None else _read_lookup(*answer)

    async def store(self, version: Version, entries: Sequence[Entry]) -> None:
        """Keeps entries that were fetched after the lookup of `version`, but for those that became invalid since."""
        described = [entry[:3] for entry in entries]
        request = _encode((version.born, version.epoch, described))
        data = [entry.data for entry in entries]
        await self._try(self._changes, b"store", request, *data)

    async def invalidate(self, tags: Sequence[str]) -> int:
        """Makes invalid what was stored with any of `tags`: how many entries, some of which may have ended before.

        No lookup that begins after this returns finds what was fetched before. It is tried whatever failed before.

        Raises:
            ValkeyUnavailableError: it may have happened or not.
        """
        seconds = self._config.invalidate_timeout
        for is_last in (False, True):  # a connection that a restarted server has closed fails once
            try:
                return int(await self._run(self._changes.call, seconds, b"invalidate", _encode(tags)))
            except _FAILURES as error:
                if is_last:
                    raise ValkeyUnavailableError(str(error)) from error
        raise AssertionError("unreachable")

    async def require(self) -> None:
        """Raises ValueError where a router must not start without the server, and it does not answer."""
        if self._config.required_to_start:
            try:
                await self.invalidate(())
            except ValkeyUnavailableError as error:
                raise ValueError(f"The response cache's Valkey does not answer: {error}") from None

    async def close(self) -> None:
        await self._lookups.close()
        await self._changes.close()

    async def _try(self, link: Valkey, operation: bytes, request: bytes, *data: bytes) -> Any:
        """The answer; None where there is none."""
        try:
            answer = await self._run(link.ask, link.timeout, operation, request, *data)
        except _FAILURES as error:
            if self._answers:
                _log.warning("Answers are not cached: %s", error)
            self._answers = False
            return None
        self._answers = True
        return answer

    async def _run(self, ask: _Ask, seconds: float, operation: bytes, request: bytes, *data: bytes) -> Any:
        call = partial(ask, within=seconds)
        arguments = (*self._keys, self._prefix, operation, request)
        try:
            return await call("EVALSHA", self._digest, *arguments, b"", *data)
        except ReplyError as error:
            _require_unknown(error)
        async with asyncio.timeout(seconds), self._bringing:
            try:
                return await call("EVALSHA", self._digest, *arguments, b"", *data)
            except ReplyError as error:
                _require_unknown(error)
                server = error.server
            answer = await call("EVAL", self._script, *arguments, b"fresh", *data)
            await server.call("SCRIPT", "LOAD", self._script)  # what only EVAL brought may be dropped
            return answer


def _breaker() -> Breaker:
    return Breaker(failures=_TOLERATED, first_pause=_PAUSE, longest_pause=_PAUSE)


def _require_unknown(error: ReplyError) -> None:
    """Raise `error` again unless it says that the server does not know the script, and so did nothing."""
    if error.code != "NOSCRIPT":
        raise error


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
