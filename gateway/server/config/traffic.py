"""The keys of traffic shaping: what requests may take, and what happens to those of a subgraph that fails."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from common.http import Http2
from gateway.server.config.cache import PositiveInt
from gateway.server.config.duration import Duration
from gateway.server.config.limits import NonNegative

Share = Annotated[float, Meta(gt=0, le=1)]


class RateLimit(Struct, frozen=True):
    """As many requests as `capacity` at once, and as many again in every `interval`."""

    capacity: PositiveInt
    interval: Duration


class Retry(Struct, frozen=True):
    """How many queries may be sent again: `min_per_sec` in a second, and a share of all requests, seen over `ttl`."""

    min_per_sec: NonNegative = 10
    ttl: Duration = Duration(10)
    retry_percent: NonNegative = 0.2
    retry_mutations: bool = False


class CircuitBreaker(Struct, frozen=True):
    """When nothing more is sent: of at least `volume_threshold` requests in ten seconds a share of `error_threshold` failed.

    After `reset_timeout` as many as `half_open_attempts` are tried: if all succeed, the circuit is closed.
    """

    error_threshold: Share = 0.5
    volume_threshold: PositiveInt = 20
    reset_timeout: Duration = Duration(30)
    half_open_attempts: PositiveInt = 3
    error_status_codes: tuple[int, ...] = (500, 502, 503, 504)


class Bulkhead(Struct, frozen=True):
    """How many requests may be under way at the same time, and how many may wait for their turn."""

    limit: PositiveInt
    queue: Annotated[int, Meta(ge=0)] = 100


class RouterTraffic(Struct, frozen=True):
    """The time that a client's whole request may take, and how many are let in: at the same time, and over time."""

    timeout: Duration = Duration(30)
    concurrency_limit: PositiveInt | None = None
    global_rate_limit: RateLimit | None = None


class SubgraphTraffic(Struct, frozen=True):
    """The time that one request to a subgraph may take, how it is sent, and what happens where the subgraph fails."""

    timeout: Duration | None = None
    deduplicate_query: bool | None = None
    experimental_http2: Http2 | None = None
    compression: Literal["gzip", "deflate", "identity"] | None = None
    global_rate_limit: RateLimit | None = None
    experimental_retry: Retry | None = None
    circuit_breaker: CircuitBreaker | None = None
    bulkhead: Bulkhead | None = None

    def under(self, all_: "SubgraphTraffic") -> "SubgraphTraffic":
        """This one, with what `all_` says where it says nothing itself."""
        untold = {name: getattr(all_, name) for name in self.__struct_fields__ if getattr(self, name) is None}
        return replace(self, **untold)


class TrafficShaping(Struct, frozen=True):
    """Requests on their way; what a subgraph's own entry says beats what `all` says."""

    router: RouterTraffic = RouterTraffic()
    all: SubgraphTraffic = SubgraphTraffic(timeout=Duration(30))
    subgraphs: dict[str, SubgraphTraffic] = {}

    def of(self, subgraph: str) -> SubgraphTraffic:
        """What holds for `subgraph`."""
        return self.subgraphs.get(subgraph, SubgraphTraffic()).under(self.all)
