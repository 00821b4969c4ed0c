"""The cached answers of one subgraph: looked up, fetched where they are missing, stored."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace
from opentelemetry.trace import Tracer

from common.http import Request, Response
from gateway.execution.caching import Send
from gateway.execution.errors import FetchError
from gateway.server.response_cache.answers import SubgraphAnswer, read_subgraph_answer
from gateway.server.response_cache.cache_control import CacheControl, read_cache_control
from gateway.server.response_cache.requests import Item, Requested
from gateway.server.response_cache.scopes import CallerScopes, Scopes
from gateway.server.response_cache.tags import TagError, Tagging
from gateway.server.response_cache.valkey import Entry, Lookup, ValkeyEntries, Version, Wanted, status
from gateway.server.sharing import UnderWay
from gateway.server.spans import span

_MAX_SIZE = 1024 * 1024
"""Bytes of an entry; what is larger is not kept."""
_MAX_TAGS = 64
_MAX_STORING = 256
"""Answers that are being stored at the same time; while Valkey is slow, more are not kept."""
_NULL = b"null"


class Missing(Struct, frozen=True):
    """What is to be fetched: some items of a request, by their numbers, for a caller, after a lookup."""

    requested: Requested
    numbers: list[int]
    scopes: Scopes
    version: Version

    @property
    def is_all(self) -> bool:
        return len(self.numbers) == len(self.requested.items)


class SubgraphCache:
    """`identity` stands for the subgraph's schema and URL in every key; `ttl` in seconds is for answers that tell none.

    `shared` is called for each request that was not sent, since the same one was under way.
    """

    def __init__(
        self,
        name: str,
        entries: ValkeyEntries,
        *,
        identity: bytes,
        tagging: Tagging,
        scopes: CallerScopes,
        ttl: float | None,
        shared: Callable[[], None],
        tracer: Tracer | None,
    ) -> None:
        self.name = name
        self.tagging = tagging
        self.scopes = scopes
        self._entries = entries
        self._tracer = tracer
        self._identity = identity
        self._ttl = ttl
        self._under_way = UnderWay[tuple[bytes, bytes, int, int]](shared)
        self._storing: set[asyncio.Task[None]] = set()

    async def lookup(self, requested: Requested, scopes: Scopes) -> Lookup | None:
        """What of the request there is for the caller; None while Valkey does not answer."""
        readable = scopes.readable
        wanted = [
            Wanted([self.key(item, scope) for scope in readable], item.tags) for item in requested.items
        ]
        with span(self._tracer, "response_cache.lookup", **{"subgraph.name": self.name}) as current:
            lookup = await self._entries.lookup(wanted)
            if current is not None:
                current.set_attribute(
                    "cache.status", "unavailable" if lookup is None else status(lookup.found)
                )
        return lookup

    async def fetch(self, missing: Missing, request: Request, send: Send) -> Response:
        """The subgraph's answer for what is missing, to be waited for with all who want the same. Raises FetchError.

        Two lookups that saw the same version saw all invalidations before the first one's request: it is for both.
        """
        asked = request if missing.is_all else replace(request, body=missing.requested.body(missing.numbers))
        version = missing.version
        key = (missing.scopes.caller, asked.body, version.epoch, version.floor)
        return await self._under_way.join(key, partial(self._fetch_and_store, missing, asked, send))

    def told(self, response: Response) -> CacheControl:
        """How long a response of the subgraph may be kept."""
        return read_cache_control(response, self._ttl)

    async def stored(self) -> None:
        """Waits for what is being stored."""
        await asyncio.gather(*self._storing)

    async def _fetch_and_store(self, missing: Missing, asked: Request, send: Send) -> Response:
        response = await send(asked)
        if len(self._storing) < _MAX_STORING and (entries := self._storable(missing, response)):
            task = asyncio.create_task(self._store(missing.version, entries))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)
        return response

    async def _store(self, version: Version, entries: Sequence[Entry]) -> None:
        with span(self._tracer, "response_cache.store", **{"subgraph.name": self.name}):
            await self._entries.store(version, entries)

    def _storable(self, missing: Missing, response: Response) -> list[Entry]:
        told = self.told(response)
        scope = missing.scopes.of_answer(told)
        if response.status != 200 or told.seconds <= 0 or scope is None:
            return []
        answer = read_subgraph_answer(response)
        if answer is None or answer.has_errors or not answer.has_data:
            return []
        return list(self._split(missing, answer, scope, int(told.seconds * 1000)))

    def _split(
        self, missing: Missing, answer: SubgraphAnswer, scope: bytes, milliseconds: int
    ) -> Iterator[Entry]:
        try:
            values = missing.requested.split(answer.data, missing.numbers, has_errors=False)
        except FetchError:
            return
        for place, (number, value) in enumerate(zip(missing.numbers, values, strict=True)):
            item = missing.requested.items[number]
            tags = self._tags(item, answer, place, len(values))
            if value != _NULL and len(value) <= _MAX_SIZE and tags is not None:
                yield Entry(self.key(item, scope), milliseconds, tags, value)

    def _tags(self, item: Item, answer: SubgraphAnswer, place: int, count: int) -> tuple[str, ...] | None:
        if answer.extensions is None:
            return item.tags
        try:
            own = self.tagging.named(answer.extensions.of_item(place, count))
        except TagError:
            return None
        tags = tuple(dict.fromkeys((*item.tags, *own)))
        return tags if len(tags) <= _MAX_TAGS else None

    def key(self, item: Item, scope: bytes) -> str:
        """The key of what is answered for an item within a scope."""
        return blake2b(self._identity + scope + item.identity, digest_size=16).hexdigest()
