"""Holds operations to the configured limits, and tells clients by the IETF's headers what is left to them."""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from common.http import ASGIApp
from gateway.server.config.rate_limits import RateLimits
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.rate_limits.decision import Hit, LimiterUnavailable, RateLimiter, Verdict
from gateway.server.rate_limits.keys import KeyFinder
from gateway.server.rate_limits.memory import MemoryLimiter
from gateway.server.rate_limits.telling import EXCEEDED, tell, unavailable
from gateway.server.traffic.metrics import TrafficMetrics


class Gate(Protocol):
    """Lets an operation pass, or raises RequestError: 429, or 503 where nobody can decide."""

    by_operation: bool

    async def admit(self, exchange: Exchange) -> None: ...
    async def close(self) -> None: ...


class RateLimitControl:
    """Asks each of `gates` once an operation.

    That is before the operation is prepared, so that what is refused costs little; where a gate looks at the operation's
    name it is afterwards.
    """

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._gates = gates
        self._early = [gate for gate in gates if not gate.by_operation]
        self._late = [gate for gate in gates if gate.by_operation]

    async def before(self, exchange: Exchange) -> None:
        """To be called before the operation is known. Raises RequestError."""
        for gate in self._early:
            await gate.admit(exchange)

    async def after(self, exchange: Exchange) -> None:
        """To be called once the operation is known. Raises RequestError."""
        for gate in self._late:
            await gate.admit(exchange)

    async def close(self) -> None:
        for gate in self._gates:
            await gate.close()


class ConfiguredLimits:
    """The `Gate` of the limits in the router's configuration, of which an operation is charged to all or to none."""

    def __init__(self, config: RateLimits, limiter: RateLimiter, metrics: TrafficMetrics) -> None:
        self.by_operation = any(limit.by_operation for limit in config.limits)
        self._limits = [(limit, KeyFinder(limit)) for limit in config.limits]
        self._denies = config.on_failure == "deny"
        self._limiter = limiter
        self._metrics = metrics
        self._policy = ", ".join(
            f'"{limit.name}";q={limit.capacity};w={math.ceil(limit.interval)}' for limit in config.limits
        )

    async def close(self) -> None:
        await self._limiter.close()

    async def admit(self, exchange: Exchange) -> None:
        hits = [Hit.of(keys.find(exchange), limit) for limit, keys in self._limits]
        try:
            verdicts = await self._limiter.decide(hits)
        except LimiterUnavailable:
            if self._denies:
                raise unavailable() from None
            return
        headers = self._headers(verdicts)
        tell(exchange, headers)
        if any(verdict.wait for verdict in verdicts):
            raise self._refusal(verdicts, headers)

    def _headers(self, verdicts: Sequence[Verdict]) -> tuple[tuple[str, str], ...]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
        left = ", ".join(
            f'"{limit.name}";r={verdict.remaining};t={math.ceil(verdict.reset)}'
            for (limit, _), verdict in zip(self._limits, verdicts, strict=True)
        )
        return ("ratelimit-policy", self._policy), ("ratelimit", left)

    def _refusal(self, verdicts: Sequence[Verdict], headers: tuple[tuple[str, str], ...]) -> RequestError:
        refusing = [limit for (limit, _), verdict in zip(self._limits, verdicts, strict=True) if verdict.wait]
        for limit in refusing:
            self._metrics.rate_limited.labels(limit.name).inc()
        errors = [
            error_body(
                f"More than {limit.capacity} operations in {limit.interval:g} s", EXCEEDED, limit=limit.name
            )
            for limit in refusing
        ]
        wait = math.ceil(max(verdict.wait for verdict in verdicts))
        return RequestError(429, errors, headers=(("retry-after", str(wait)), *headers))


def open_rate_limits(
    config: RateLimits | None, metrics: TrafficMetrics, apps: Mapping[str, ASGIApp] | None = None
) -> RateLimitControl | None:
    """The control of a configuration; None where nothing is limited. Raises ValueError for a URL that cannot be one."""
    if config is None:
        return None
    gates: list[Gate] = []
    if config.limits:
        gates.append(ConfiguredLimits(config, _open_limiter(config), metrics))
    if config.service is not None:
        gates.append(_open_service(config, metrics, apps))
    return RateLimitControl(gates)


def _open_limiter(config: RateLimits) -> RateLimiter:
    if config.redis is None:
        return MemoryLimiter()
    from gateway.server.rate_limits.valkey import ValkeyLimiter  # noqa: PLC0415 - the client loads only when it is used

    return ValkeyLimiter(config.redis)


def _open_service(config: RateLimits, metrics: TrafficMetrics, apps: Mapping[str, ASGIApp] | None) -> Gate:
    from gateway.server.rate_limits.service import ServiceLimits  # noqa: PLC0415 - as above

    assert config.service is not None
    return ServiceLimits(config.service, metrics, denies=config.on_failure == "deny", apps=apps)
