"""The keys of documents that are not sent whole: automatic persisted queries, and persisted queries by manifest."""

from msgspec import Struct

from gateway.server.config.cache import InMemory, Redis


class ApqCache(Struct, frozen=True):
    """Where documents are kept by their hash; `redis` is shared by several routers."""

    in_memory: InMemory = InMemory()
    redis: Redis | None = None


class ApqRouter(Struct, frozen=True):
    """The documents that clients send."""

    cache: ApqCache = ApqCache()


class Apq(Struct, frozen=True):
    """Automatic persisted queries."""

    enabled: bool = True
    router: ApqRouter = ApqRouter()


class Safelist(Struct, frozen=True):
    """Whether only listed operations run, and whether only by their id."""

    enabled: bool = False
    require_id: bool = False


class PersistedQueries(Struct, frozen=True):
    """Operations that are known before; `local_manifests` are files in Apollo's manifest format."""

    enabled: bool = False
    log_unknown: bool = False
    local_manifests: tuple[str, ...] = ()
    safelist: Safelist = Safelist()
