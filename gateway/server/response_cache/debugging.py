"""What `response_cache.debug` tells a client in `extensions.apolloCacheDebugging`."""

from typing import Any

import msgspec

from common.http import Request
from gateway.server.response_cache.cache_control import CacheControl
from gateway.server.response_cache.missing import Missing
from gateway.server.response_cache.subgraph import SubgraphCache
from gateway.server.response_cache.valkey import Found

NAME = "apolloCacheDebugging"


class Debugging:
    """Collects, in one request, where each part of the answer came from."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []

    def record(
        self,
        subgraph: SubgraphCache,
        request: Request,
        missing: Missing,
        found: list[Found | None],
        told: CacheControl | None,
    ) -> None:
        """One fetch: what was `found` of it, and what the subgraph `told` of the rest."""
        scopes = missing.scopes
        stored = scopes.of_answer(told) if told else None
        for item, each in zip(missing.requested.items, found, strict=True):
            scope = scopes.readable[each.place] if each else stored
            self._entries.append(
                {
                    "subgraphName": subgraph.name,
                    "type": item.type_name,
                    "key": subgraph.key(item, scope) if scope else None,
                    "source": "cache" if each else "subgraph",
                    "invalidationKeys": [msgspec.json.decode(tag) for tag in item.tags],
                    "cacheControl": str(CacheControl(each.seconds) if each else told),
                    "subgraphRequest": msgspec.json.decode(request.body),
                }
            )

    @property
    def extensions(self) -> dict[str, Any]:
        return {NAME: {"version": "1.0", "data": self._entries}}
