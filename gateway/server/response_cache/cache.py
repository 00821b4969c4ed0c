"""The response cache of a supergraph under one configuration."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import msgspec
from opentelemetry.trace import Tracer

from gateway.server.config import RouterConfig
from gateway.server.config.response_cache import ResponseCache as Config
from gateway.server.config.response_cache import ResponseCacheRedis
from gateway.server.metrics import Metrics
from gateway.server.response_cache.debugging import Debugging
from gateway.server.response_cache.exchange import ExchangeCache
from gateway.server.response_cache.invalidation import Invalidations
from gateway.server.response_cache.scopes import CallerScopes
from gateway.server.response_cache.subgraph import SubgraphCache
from gateway.server.response_cache.tags import Tagging
from gateway.server.response_cache.valkey import ValkeyEntries
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # they load cryptography, and NATS' client
    from common.auth import Caller
    from gateway.server.response_cache.events import Listener


class ResponseCache:
    """Gives each request its cache; `entries` are Valkey's by the subgraph whose answers they are."""

    def __init__(
        self,
        subgraphs: Mapping[str, SubgraphCache],
        entries: Mapping[str, ValkeyEntries],
        config: Config,
        metrics: Metrics,
    ) -> None:
        self.invalidations = Invalidations(entries, config.subgraph)
        self._entries = frozenset(entries.values())
        self._subgraphs = subgraphs
        self._metrics = metrics
        self._debugs = config.debug
        self._events = config.invalidation.events
        self._listener: Listener | None = None

    @classmethod
    def open(
        cls, supergraph: Supergraph, config: RouterConfig, metrics: Metrics, tracer: Tracer | None
    ) -> Self:
        """Of a configuration that has it enabled. Nothing is connected yet."""
        servers: dict[ResponseCacheRedis, ValkeyEntries] = {}
        caches, entries = {}, {}
        for name in supergraph.subgraphs:
            caching = config.response_cache.subgraph.of(name)
            if caching.redis is None or not config.response_cache.caches(name):
                continue
            if caching.redis not in servers:
                servers[caching.redis] = ValkeyEntries(caching.redis)
            entries[name] = servers[caching.redis]
            caches[name] = SubgraphCache(
                name,
                entries[name],
                identity=_identity(supergraph, name, config.override_subgraph_url.get(name)),
                tagging=Tagging(supergraph, name),
                scopes=CallerScopes(config.headers, name, caching.private_id),
                ttl=caching.ttl,
                shared=metrics.shared.labels(name).inc,
                tracer=tracer,
            )
        return cls(caches, entries, config.response_cache, metrics)

    def of(self, caller: "Caller | None") -> ExchangeCache:
        """The cache of one query of a caller, None for an anonymous one."""
        claims = caller.claims if caller else None
        return ExchangeCache(
            self._subgraphs, claims, self._metrics.count_cached, Debugging() if self._debugs else None
        )

    async def start(self) -> None:
        """From now on events are taken. Raises ValueError unless the servers answer that are `required_to_start`."""
        for entries in self._entries:
            await entries.require()
        if self._events is not None and self._listener is None:
            from gateway.server.response_cache.events import Listener  # noqa: PLC0415 - the client loads only when it is used

            self._listener = Listener(self._events, self.invalidations)

    async def stored(self) -> None:
        """Waits for what is being stored."""
        for cache in self._subgraphs.values():
            await cache.stored()

    async def close(self) -> None:
        """Ends the connections, once all is stored."""
        if self._listener is not None:
            await self._listener.close()
        await self.stored()
        for entries in self._entries:
            await entries.close()


def _identity(supergraph: Supergraph, subgraph: str, url: str | None) -> bytes:
    """Of the subgraph's part of the schema, its tags and its URL: what was answered by another is not read."""
    info = supergraph.subgraphs[subgraph]
    parts: list[object] = [subgraph, url or info.url, supergraph.cache_tags.get(info.graph, {})]
    for name, type_ in sorted(supergraph.types.items()):
        if subgraph in type_.joins:
            parts.append((name, type_.kind, type_.joins[subgraph]))
            parts.append(
                [sorted(group.get(subgraph, ())) for group in (type_.interfaces, type_.members, type_.values)]
            )
            parts += [
                (field.name, field.joins[subgraph].type or field.type, field.joins[subgraph])
                for field in type_.fields.values()
                if subgraph in field.joins
            ]
    return blake2b(msgspec.json.encode(parts, order="deterministic"), digest_size=16).digest()
