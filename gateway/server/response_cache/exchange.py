"""The cache of one client's request: what its fetches find there, and what is told about it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from common.http import Request, Response
from gateway.execution.caching import Send
from gateway.planning.plan import Fetch
from gateway.server.response_cache.debugging import Debugging
from gateway.server.response_cache.joining import completed, from_cache
from gateway.server.response_cache.missing import Missing
from gateway.server.response_cache.requests import Requested, read_request
from gateway.server.response_cache.scopes import Scopes
from gateway.server.response_cache.subgraph import SubgraphCache
from gateway.server.response_cache.valkey import Found, status

Count = Callable[[str, str, str], None]
"""Called with a subgraph, a type and what was found of it: `hit`, `partial_hit`, `miss`."""


class ExchangeCache:
    """A `FetchCache` for one caller, whose `claims` are None where it is anonymous."""

    def __init__(
        self,
        subgraphs: Mapping[str, SubgraphCache],
        claims: Mapping[str, Any] | None,
        count: Count,
        debugging: Debugging | None,
    ) -> None:
        self.debugging = debugging
        self._subgraphs = subgraphs
        self._claims = claims
        self._count = count
        self._scopes: dict[str, Scopes] = {}

    async def answer(self, fetch: Fetch, request: Request, send: Send) -> Response:
        subgraph = self._subgraphs.get(fetch.subgraph)
        requested = read_request(fetch, request.body, subgraph.tagging) if subgraph else None
        if subgraph is None or requested is None:
            return await send(request)
        scopes = self._scopes_at(subgraph, request)
        lookup = await subgraph.lookup(requested, scopes)
        if lookup is None:
            return await send(request)
        found = lookup.found
        self._observe(subgraph.name, requested, found)
        numbers = [number for number, each in enumerate(found) if not each]
        missing = Missing(fetch.document, requested, numbers, scopes, lookup.version)
        response = await subgraph.fetch(missing, request, send) if numbers else None
        told = subgraph.told(response) if response else None
        if self.debugging is not None:
            self.debugging.record(subgraph, request, missing, found, told)
        if response is None or told is None:
            return from_cache(missing, found)
        return completed(missing, found, response, told)

    def _scopes_at(self, subgraph: SubgraphCache, request: Request) -> Scopes:
        scopes = self._scopes.get(subgraph.name)
        if scopes is None:
            scopes = self._scopes[subgraph.name] = subgraph.scopes.of(request.headers, self._claims)
        return scopes

    def _observe(self, subgraph: str, requested: Requested, found: list[Found | None]) -> None:
        by_type: dict[str, list[Found | None]] = defaultdict(list)
        for item, each in zip(requested.items, found, strict=True):
            by_type[item.type_name].append(each)
        for type_name, own in by_type.items():
            self._count(subgraph, type_name, status(own))
