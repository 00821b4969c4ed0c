"""The transport of one subgraph with all that its configuration puts around it, and no more."""

from collections.abc import Callable
from functools import partial

from common.http import NotSent, Request, Response, Transport
from common.resilience import Budget
from gateway.server.config.traffic import RateLimit, SubgraphTraffic
from gateway.server.traffic.around import Around, RateLimited
from gateway.server.traffic.breaker import BreakingTransport, Circuit
from gateway.server.traffic.bulkhead import BulkheadTransport
from gateway.server.traffic.local_rate import LocalRate
from gateway.server.traffic.metrics import TrafficMetrics
from gateway.server.traffic.retries import RetryingTransport


def shaped(name: str, transport: Transport, shaping: SubgraphTraffic, metrics: TrafficMetrics) -> Transport:
    """`transport` under the limits of the subgraph `name`.

    Each attempt of a retry is held to all other limits. One that has waited for its turn meets the circuit as it is then.
    """
    inner = transport
    if shaping.circuit_breaker is not None:
        circuit = Circuit(shaping.circuit_breaker, metrics.circuit.labels(name).set)
        transport = BreakingTransport(transport, circuit, shaping.circuit_breaker)
    if shaping.bulkhead is not None:
        transport = BulkheadTransport(transport, shaping.bulkhead)
    if shaping.global_rate_limit is not None:
        transport = _RateLimitedTransport(transport, shaping.global_rate_limit)
    if transport is not inner:
        transport = _Counting(transport, partial(_count, metrics, name))
    if shaping.experimental_retry is not None:
        retry = shaping.experimental_retry
        budget = Budget(share=retry.retry_percent, floor=retry.min_per_sec, seconds=retry.ttl)
        transport = RetryingTransport(transport, budget, metrics.retries.labels(name).inc)
    return transport


class _RateLimitedTransport(Around):
    """Raises RateLimited for what is beyond the rate."""

    def __init__(self, inner: Transport, limit: RateLimit) -> None:
        super().__init__(inner)
        self._rate = LocalRate(limit)

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if self._rate.take():
            raise RateLimited
        return await self._inner.send(request, timeout=timeout)


class _Counting(Around):
    """Tells of every request that was not sent, by the code of the error."""

    def __init__(self, inner: Transport, count: Callable[[str], None]) -> None:
        super().__init__(inner)
        self._count = count

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        try:
            return await self._inner.send(request, timeout=timeout)
        except NotSent as error:
            self._count(error.code)
            raise


def _count(metrics: TrafficMetrics, subgraph: str, code: str) -> None:
    metrics.refused.labels(subgraph, code).inc()
