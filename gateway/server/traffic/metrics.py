"""What Prometheus reads of traffic that is kept back or sent again."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class TrafficMetrics:
    """Counters by subgraph and reason. `circuit` is 0 for a closed circuit, 1 for a half-open one, 2 for an open one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.retries = Counter(
            "http_client_retried_requests",
            "Queries that were sent to a subgraph once more",
            ["subgraph"],
            registry=registry,
        )
        self.refused = Counter(
            "http_client_refused_requests",
            "Requests that were not sent to a subgraph, by the code that their fields are answered with",
            ["subgraph", "code"],
            registry=registry,
        )
        self.circuit = Gauge(
            "hansa_router_circuit_breaker_state",
            "Circuit to a subgraph: 0 closed, 1 half-open, 2 open",
            ["subgraph"],
            registry=registry,
        )
        self.shed = Counter(
            "hansa_router_shed_requests",
            "Requests of clients that were refused for want of room, by the code of their answer",
            ["code"],
            registry=registry,
        )
        self.rate_limited = Counter(
            "hansa_router_rate_limited_operations",
            "Operations beyond a limit of `rate_limits`, by its name",
            ["limit"],
            registry=registry,
        )
