"""What a router's configuration holds, in Apollo Router's keys.

Sizes are bytes, durations seconds. A key stands here once something reads it; `load` refuses all others.
"""

from typing import Annotated

from msgspec import Meta, Struct

from common.http import Http2
from gateway.server.config.access import Authentication, Authorization
from gateway.server.config.cache import InMemory
from gateway.server.config.coprocessor import Coprocessor
from gateway.server.config.documents import Apq, PersistedQueries
from gateway.server.config.duration import Duration
from gateway.server.config.headers import Headers
from gateway.server.config.health import HealthCheck
from gateway.server.config.http import Batching, Cors, Csrf
from gateway.server.config.limits import DemandControl, Limits
from gateway.server.config.plugins import Plugins
from gateway.server.config.rate_limits import RateLimits
from gateway.server.config.response_cache import ResponseCache
from gateway.server.config.subgraph_errors import ErrorInclusion
from gateway.server.config.subscription import Mode, Passthrough, PassthroughMode, SubscriptionConfig
from gateway.server.config.telemetry import Telemetry
from gateway.server.config.tls import Tls
from gateway.server.config.traffic import SubgraphTraffic, TrafficShaping
from gateway.server.config.uploads import FileUploads, UploadLimits


class PlanCache(Struct, frozen=True):
    """Where plans are kept."""

    in_memory: InMemory = InMemory()


class QueryPlanning(Struct, frozen=True):
    """How operations are planned, and how many of the most used ones are planned again after a reload."""

    cache: PlanCache = PlanCache()
    warmed_up_queries: Annotated[int, Meta(ge=0)] | None = None


class Supergraph(Struct, frozen=True):
    """Where the router listens and what it tells about its schema. A `path` of `/` leaves no room for the console."""

    listen: str = "127.0.0.1:4000"
    path: Annotated[str, Meta(pattern=r"^/([^{}]*[^/{}])?$")] = "/graphql"
    introspection: bool = False
    defer_support: bool = True
    connection_shutdown_timeout: Duration = Duration(30)
    query_planning: QueryPlanning = QueryPlanning()


class Page(Struct, frozen=True):
    """A page that can be switched off."""

    enabled: bool


class RouterConfig(Struct, frozen=True):
    """The whole file. Every key has a default, so that an empty file is a configuration."""

    supergraph: Supergraph = Supergraph()
    csrf: Csrf = Csrf()
    cors: Cors = Cors()
    batching: Batching = Batching()
    preview_file_uploads: FileUploads = FileUploads()
    apq: Apq = Apq()
    persisted_queries: PersistedQueries = PersistedQueries()
    authentication: Authentication = Authentication()
    authorization: Authorization = Authorization()
    headers: Headers = Headers()
    include_subgraph_errors: ErrorInclusion = ErrorInclusion()
    limits: Limits = Limits()
    demand_control: DemandControl | None = None
    traffic_shaping: TrafficShaping = TrafficShaping()
    rate_limits: RateLimits | None = None
    tls: Tls = Tls()
    response_cache: ResponseCache = ResponseCache()
    subscription: SubscriptionConfig = SubscriptionConfig()
    override_subgraph_url: dict[str, str] = {}
    trusted_proxies: tuple[str, ...] = ()
    health_check: HealthCheck = HealthCheck()
    telemetry: Telemetry = Telemetry()
    plugins: Plugins = Plugins()
    coprocessor: Coprocessor | None = None
    homepage: Page = Page(enabled=True)
    sandbox: Page = Page(enabled=False)

    @property
    def console(self) -> bool:
        """Whether the console is served at `/`, which stands for both of Apollo's pages."""
        return (self.homepage.enabled or self.sandbox.enabled) and self.supergraph.path != "/"

    @property
    def scheme(self) -> str:
        """Of the router's URLs, where it serves by itself."""
        return "http" if self.tls.supergraph is None else "https"

    @property
    def addresses_beside(self) -> frozenset[str]:
        """The addresses that are listened on for other doors than the router's."""
        prometheus = self.telemetry.exporters.metrics.prometheus
        doors = [(door.enabled, door.listen) for door in (self.health_check, prometheus)]
        doors.append((self.response_cache.enabled, self.response_cache.invalidation.listen))
        callback = self.subscription.mode.callback
        if callback is not None:
            doors.append((True, callback.listen))
        return frozenset(
            listen for enabled, listen in doors if enabled and listen not in (None, self.supergraph.listen)
        )

    @property
    def uploads(self) -> UploadLimits | None:
        """The limits of files beside an operation, where they are taken."""
        multipart = self.preview_file_uploads.protocols.multipart
        return multipart.limits if self.preview_file_uploads.enabled and multipart.enabled else None

    @property
    def warmed_up_queries(self) -> int:
        """A third of the plans that are kept, unless it is told."""
        planning = self.supergraph.query_planning
        told = planning.warmed_up_queries
        return planning.cache.in_memory.limit // 3 if told is None else told

    @property
    def dotted_names(self) -> tuple[str, ...]:
        """What the configuration names by dotted names."""
        policies = self.authorization.policies
        return (*self.plugins.named, *([] if policies is None else [policies]))

    def subgraph_timeout(self, subgraph: str) -> float:
        """Seconds that one request to `subgraph` may take."""
        shaping = self.traffic_shaping
        own = shaping.subgraphs.get(subgraph, SubgraphTraffic()).timeout
        return own or shaping.all.timeout or shaping.router.timeout

    def deduplicates(self, subgraph: str) -> bool:
        """Whether equal queries to `subgraph` that are under way at the same time are sent once."""
        own = self.traffic_shaping.subgraphs.get(subgraph, SubgraphTraffic()).deduplicate_query
        return bool(self.traffic_shaping.all.deduplicate_query) if own is None else own

    def http2(self, subgraph: str) -> Http2:
        """When `subgraph` is asked by HTTP/2."""
        own = self.traffic_shaping.subgraphs.get(subgraph, SubgraphTraffic()).experimental_http2
        return own or self.traffic_shaping.all.experimental_http2 or Http2.DISABLE


LOCAL = RouterConfig(
    supergraph=Supergraph(introspection=True),
    subscription=SubscriptionConfig(enabled=True, mode=Mode(PassthroughMode(Passthrough()))),
    plugins=Plugins(expose_query_plan=True),
)
"""What `hansa serve` uses without a file: no sign-in, introspection and subscriptions on, query plans shown."""
