"""What Prometheus reads, by OpenTelemetry's names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from common.telemetry.durations import SECONDS, Durations
from gateway.planning.plan import Effort
from gateway.server.graphql_errors import GraphqlErrors
from gateway.server.traffic.metrics import TrafficMetrics

_PLANS = (1, 2, 5, 10, 20, 40, 60)
_COSTS = (0, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


class Metrics:
    """The router's metrics, in a registry of their own. Labels have few values: nothing a client invents.

    `active` counts the requests that are being answered.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.duration = Durations(
            "http_server_request_duration_seconds",
            "Time from a request's head to its whole answer",
            ["method", "operation_type", "status"],
            registry=self.registry,
        )
        self.active = 0
        Gauge(
            "http_server_active_requests", "Requests that are being answered", registry=self.registry
        ).set_function(lambda: self.active)
        self.subgraph_duration = Durations(
            "http_client_request_duration_seconds",
            "Time of a request to a subgraph; `status` is an HTTP status or why there is none",
            ["subgraph", "status"],
            registry=self.registry,
        )
        self.shared = Counter(
            "http_client_shared_requests",
            "Requests to a subgraph that were not sent, since the same one was under way",
            ["subgraph"],
            registry=self.registry,
        )
        self.traffic = TrafficMetrics(self.registry)
        self.dropped_usage = Counter(
            "hansa_router_dropped_usage_records",
            "Usage records that the event stream did not take in time",
            registry=self.registry,
        )
        self.errors = GraphqlErrors(self.registry)
        self.planning_duration = Histogram(
            "apollo_router_query_planning_total_duration_seconds",
            "Time to validate, plan and compile an operation that was not cached",
            registry=self.registry,
            buckets=SECONDS,
        )
        self._evaluated = Histogram(
            "apollo_router_query_planning_plan_evaluated_plans",
            "Plans that were built to find the best one of an operation; `budget` says whether a limit ended the search",
            ["budget"],
            registry=self.registry,
            buckets=_PLANS,
        )
        plans = Counter(
            "apollo_router_cache_requests",
            "Operations that were asked for, by whether their plan was there",
            ["kind", "result"],
            registry=self.registry,
        )
        self._plan_hit = plans.labels("query planner", "hit")
        self._plan_miss = plans.labels("query planner", "miss")
        self._cached = Counter(
            "apollo_router_response_cache",
            "Answers of subgraphs that were looked up, by their type and whether all, some or nothing was there",
            ["subgraph", "graphql_type", "cache_status"],
            registry=self.registry,
        )

        self._cost = Histogram(
            "cost_estimated",
            "Estimated costs of operations, by what became of them",
            ["cost_result"],
            registry=self.registry,
            buckets=_COSTS,
        )
        self._actual_cost = Histogram(
            "cost_actual",
            "Costs of operations by what was answered, by what became of them",
            ["cost_result"],
            registry=self.registry,
            buckets=_COSTS,
        )
        self._cost_delta = Histogram(
            "cost_delta",
            "Estimated costs of operations less their actual ones",
            ["cost_result"],
            registry=self.registry,
            buckets=_COSTS,
        )
        self._exceeded = Counter(
            "hansa_router_limits_exceeded",
            "New documents that exceeded a limit of `limits`, refused or not",
            ["limit"],
            registry=self.registry,
        )

    def observe_effort(self, effort: Effort) -> None:
        """What it took to plan one operation."""
        self._evaluated.labels("spent" if effort.is_cut else "kept").observe(effort.plans)

    def observe_cost(self, result: str, cost: int) -> None:
        """The estimate of one request, and the code that became of it."""
        self._cost.labels(result).observe(cost)

    def observe_actual_cost(self, result: str, actual: int, estimated: int) -> None:
        """What one request has cost in the end."""
        self._actual_cost.labels(result).observe(actual)
        self._cost_delta.labels(result).observe(estimated - actual)

    def count_exceeded(self, limit: str) -> None:
        """One document beyond the limit of that key."""
        self._exceeded.labels(limit).inc()

    def count_cached(self, subgraph: str, graphql_type: str, status: str) -> None:
        """One lookup in the response cache: `hit`, `partial_hit` or `miss`."""
        self._cached.labels(subgraph, graphql_type, status).inc()

    def count_plan(self, found: bool) -> None:  # noqa: FBT001 - one fact, and called for every request
        """One operation that was asked for, and whether its plan was there."""
        (self._plan_hit if found else self._plan_miss).inc()
