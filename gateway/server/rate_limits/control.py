"""Holds operations to the limits, and tells clients by the IETF's headers what is left to them."""

import logging
from collections.abc import Mapping, Sequence

from common.http import ASGIApp
from common.limiting import Verdict, limit_headers, rate_limit_headers
from gateway.server.config.rate_limits import RateLimits
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.rate_limits.configured import ConfiguredLimits
from gateway.server.rate_limits.decision import RateLimiter
from gateway.server.rate_limits.gate import Gate, LimiterUnavailable
from gateway.server.rate_limits.memory import MemoryLimiter
from gateway.server.traffic.metrics import TrafficMetrics

_log = logging.getLogger("hansa.router")


class RateLimitControl:
    """Asks each of `gates` once an operation; where it `denies`, nothing passes a gate that cannot decide.

    That is before the operation is prepared, so that what is refused costs little; where a gate looks at the operation's
    name it is afterwards.
    """

    def __init__(self, gates: Sequence[Gate], metrics: TrafficMetrics, *, denies: bool) -> None:
        self._gates = gates
        self._early = [gate for gate in gates if not gate.by_operation]
        self._late = [gate for gate in gates if gate.by_operation]
        self._metrics = metrics
        self._denies = denies
        self._silent: set[Gate] = set()

    async def before(self, exchange: Exchange) -> None:
        """To be called before the operation is known.

        Raises:
            RequestError: 429, or 503 where nobody can decide.
        """
        for gate in self._early:
            await self._pass(gate, exchange)

    async def after(self, exchange: Exchange) -> None:
        """To be called once the operation is known. Raises as `before` does."""
        for gate in self._late:
            await self._pass(gate, exchange)

    async def close(self) -> None:
        for gate in self._gates:
            await gate.close()

    async def _pass(self, gate: Gate, exchange: Exchange) -> None:
        verdict = await self._verdict(gate, exchange)
        if verdict is None:
            return
        exchange.limits += verdict.limits
        if exchange.answer_headers is not None:
            for name, value in limit_headers(exchange.limits):
                exchange.answer_headers.set(name, value)
        if not verdict.allowed:
            raise self._refusal(verdict)

    async def _verdict(self, gate: Gate, exchange: Exchange) -> Verdict | None:
        """None where there is none and the operation passes all the same."""
        try:
            verdict = await gate.decide(exchange)
        except LimiterUnavailable as error:
            if gate not in self._silent:
                _log.warning("Rate limits cannot be decided: %s", error)
            self._silent.add(gate)
            if self._denies:
                raise _undecided() from None
            return None
        self._silent.discard(gate)
        return verdict

    def _refusal(self, verdict: Verdict) -> RequestError:
        refusing = [state.policy for state in verdict.limits if state.wait != 0 and not state.shadow]
        for name in refusing:
            self._metrics.rate_limited.labels(name).inc()
        errors = [
            error_body(f"The limit {name} is used up", "RATE_LIMIT_EXCEEDED", limit=name) for name in refusing
        ]
        return RequestError(429, errors, headers=rate_limit_headers(verdict))


def _undecided() -> RequestError:
    error = error_body("Rate limits cannot be decided now", "RATE_LIMITS_UNAVAILABLE")
    return RequestError(503, [error], headers=(("retry-after", "1"),))


def open_rate_limits(
    config: RateLimits | None, metrics: TrafficMetrics, apps: Mapping[str, ASGIApp] | None = None
) -> RateLimitControl | None:
    """The control of a configuration; None where nothing is limited. Raises ValueError for a URL that cannot be one."""
    if config is None:
        return None
    gates: list[Gate] = []
    if config.limits:
        gates.append(ConfiguredLimits(config.limits, _open_limiter(config)))
    if config.service is not None:
        from gateway.server.rate_limits.service import ServiceLimits  # noqa: PLC0415 - loads only where it is used

        gates.append(ServiceLimits(config.service, apps=apps))
    return RateLimitControl(gates, metrics, denies=config.on_failure == "deny")


def _open_limiter(config: RateLimits) -> RateLimiter:
    if config.redis is None:
        return MemoryLimiter()
    from gateway.server.rate_limits.valkey import ValkeyLimiter  # noqa: PLC0415 - as above

    return ValkeyLimiter(config.redis)
