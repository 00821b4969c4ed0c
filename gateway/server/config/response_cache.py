"""The keys of the response cache: whose answers are kept, for how long, where, and who may make them invalid."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.server.config.duration import Duration
from gateway.server.config.health import DoorPath, ListenAddress


class ResponseCacheRedis(Struct, frozen=True):
    """A Valkey or Redis server or cluster. Beyond the timeouts a request goes on without the cache.

    With `required_to_start` a router does not become ready before the server has answered.
    """

    urls: Annotated[tuple[str, ...], Meta(min_length=1)]
    namespace: str | None = None
    fetch_timeout: Duration = Duration(0.15)
    insert_timeout: Duration = Duration(0.5)
    invalidate_timeout: Duration = Duration(1)
    required_to_start: bool = False


class SubgraphInvalidation(Struct, frozen=True):
    """The key with which a subgraph's answers are made invalid over the endpoint."""

    enabled: bool = False
    shared_key: str | None = None


class SubgraphCaching(Struct, frozen=True):
    """What is kept of a subgraph; a member that is missing is as `all` has it.

    `ttl` is for answers that tell none; `private_id` names the claim by which a private answer's owner is known.
    """

    enabled: bool | None = None
    ttl: Duration | None = None
    private_id: str | None = None
    redis: ResponseCacheRedis | None = None
    invalidation: SubgraphInvalidation = SubgraphInvalidation()


class SubgraphsCaching(Struct, frozen=True):
    """What is kept of all subgraphs, and of each."""

    all: SubgraphCaching = SubgraphCaching()
    subgraphs: dict[str, SubgraphCaching] = {}

    def of(self, name: str) -> SubgraphCaching:
        """What is kept of the subgraph `name`."""
        own, all_ = self.subgraphs.get(name, SubgraphCaching()), self.all
        return SubgraphCaching(
            enabled=all_.enabled is not False if own.enabled is None else own.enabled,
            ttl=own.ttl or all_.ttl,
            private_id=own.private_id or all_.private_id,
            redis=own.redis or all_.redis,
            invalidation=own.invalidation,
        )


class InvalidationEvents(Struct, frozen=True):
    """Events that make answers invalid, from NATS JetStream; routers with the same `consumer` share the work."""

    url: str
    subjects: Annotated[tuple[str, ...], Meta(min_length=1)]
    consumer: str = "response-cache"


class InvalidationDoors(Struct, frozen=True):
    """Where invalidation requests come in: the endpoint's path and, if it is not the router's own, its address."""

    listen: ListenAddress | None = None
    path: DoorPath = "/invalidation"
    events: InvalidationEvents | None = None


class ResponseCache(Struct, frozen=True):
    """Subgraphs' answers in Valkey, by entity and by root fields. `debug` tells clients what came from where."""

    enabled: bool = False
    debug: bool = False
    subgraph: SubgraphsCaching = SubgraphsCaching()
    invalidation: InvalidationDoors = InvalidationDoors()

    def caches(self, subgraph: str) -> bool:
        """Whether answers of `subgraph` are kept."""
        caching = self.subgraph.of(subgraph)
        return self.enabled and bool(caching.enabled) and caching.redis is not None
