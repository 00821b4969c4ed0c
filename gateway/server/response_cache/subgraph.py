"""The cached answers of one subgraph: looked up, fetched where they are missing, stored."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from hashlib import blake2b
from typing import Any

from msgspec.structs import replace
from opentelemetry.trace import Tracer

from common.http import Request, Response
from gateway.execution.caching import Send
from gateway.server.response_cache.cache_control import CacheControl, read_cache_control, without
from gateway.server.response_cache.missing import Missing, MissingKey
from gateway.server.response_cache.requests import Item, Requested
from gateway.server.response_cache.scopes import CallerScopes, Scopes
from gateway.server.response_cache.storing import Value, stored, values_to_store
from gateway.server.response_cache.tags import Tagging
from gateway.server.response_cache.valkey import Entry, Lookup, ValkeyEntries, Version, Wanted, status
from gateway.server.sharing import UnderWay
from gateway.server.spans import span

_MAX_STORING = 256
"""Answers that are being stored at the same time; while Valkey is slow, more are not kept."""
_MAX_ALONE = 1024


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
        self._under_way = UnderWay[MissingKey](shared)
        self._alone: dict[str, None] = {}
        self._storing: set[asyncio.Task[None]] = set()

    async def lookup(self, requested: Requested, scopes: Scopes) -> Lookup | None:
        """What of the request there is for the caller; None while Valkey does not answer."""
        readable = scopes.readable
        wanted = [
            Wanted([self.key(item, scope) for scope in readable], item.tags) for item in requested.items
        ]
        with span(self._tracer, "response_cache.lookup") as current:
            lookup = await self._entries.lookup(wanted)
            if current is not None:
                found = "unavailable" if lookup is None else status(lookup.found)
                current.set_attributes({"subgraph.name": self.name, "cache.status": found})
        return lookup

    async def fetch(self, missing: Missing, request: Request, send: Send) -> Response:
        """The subgraph's answer for what is missing. Raises FetchError.

        Who wants the same waits for the same request: lookups that saw the same version saw all invalidations before it.
        What may not be kept is for nobody but who asked, and no such answer is waited for again.
        """
        asked = request if missing.is_all else replace(request, body=missing.requested.body(missing.numbers))
        if missing.document in self._alone:
            return await self._fetch_and_store(missing, asked, send)
        is_own = False

        def start() -> Coroutine[Any, Any, Response]:
            nonlocal is_own
            is_own = True
            return self._fetch_and_store(missing, asked, send)

        response = await self._under_way.join(missing.key(asked), start)
        if is_own:
            return response
        if missing.scopes.of_answer(self.told(response)) is None:
            return await self._fetch_and_store(missing, asked, send)
        return Response(response.status, without(response.headers, "set-cookie"), response.body)

    def told(self, response: Response) -> CacheControl:
        """How long a response of the subgraph may be kept."""
        return read_cache_control(response, self._ttl)

    async def stored(self) -> None:
        """Waits for what is being stored."""
        await asyncio.gather(*self._storing)

    async def _fetch_and_store(self, missing: Missing, asked: Request, send: Send) -> Response:
        response = await send(asked)
        told = self.told(response)
        scope = missing.scopes.of_answer(told)
        if scope is None:
            self._fetch_alone(missing.document)
            return response
        self._alone.pop(missing.document, None)
        if response.status == 200 and len(self._storing) < _MAX_STORING:
            values = values_to_store(missing, response, self.tagging)
            self._store(missing.version, [self._entry(each, scope, told) for each in values])
        return response

    def _fetch_alone(self, document: str) -> None:
        self._alone[document] = None
        if len(self._alone) > _MAX_ALONE:
            del self._alone[next(iter(self._alone))]

    def _entry(self, value: Value, scope: bytes, told: CacheControl) -> Entry:
        data = stored(value.json, told.sooner)
        return Entry(self.key(value.item, scope), int(told.seconds * 1000), value.tags, data)

    def _store(self, version: Version, entries: Sequence[Entry]) -> None:
        if entries:
            task = asyncio.create_task(self._store_traced(version, entries))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def _store_traced(self, version: Version, entries: Sequence[Entry]) -> None:
        with span(self._tracer, "response_cache.store") as current:
            if current is not None:
                current.set_attribute("subgraph.name", self.name)
            await self._entries.store(version, entries)

    def key(self, item: Item, scope: bytes) -> str:
        """The key of what is answered for an item within a scope."""
        return blake2b(self._identity + scope + item.identity, digest_size=16).hexdigest()
