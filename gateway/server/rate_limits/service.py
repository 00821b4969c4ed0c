"""The limits of the platform's rate limiter: policies that are changed while they run, and shared by many doors."""

import logging
from collections.abc import Mapping

from common.http import ASGIApp, open_transport
from common.limiting import Check, Limiter, LimiterUnavailableError, Verdict, rate_limit_headers
from common.settings import Secret
from gateway.server.config.rate_limits import LimitService
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.rate_limits.keys import first_found, sources_of
from gateway.server.rate_limits.telling import EXCEEDED, tell, unavailable
from gateway.server.traffic.metrics import TrafficMetrics

_log = logging.getLogger("hansa.router")
_LONGEST_VALUE = 256


class ServiceLimits:
    """A `Gate` that asks the service about each operation; where it `denies`, nothing passes while that is away."""

    def __init__(
        self,
        config: LimitService,
        metrics: TrafficMetrics,
        *,
        denies: bool,
        apps: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        self.by_operation = config.by_operation
        transport = open_transport(config.url, apps=apps)
        self._limiter = Limiter(transport, Secret(config.token), timeout=config.timeout)
        self._namespace = config.namespace
        self._attributes = [(name, sources_of(part)) for name, part in config.descriptor.items()]
        self._denies = denies
        self._metrics = metrics
        self._answers = True

    async def admit(self, exchange: Exchange) -> None:
        """Raises RequestError: 429, or 503 where nobody can decide."""
        verdict = await self._verdict(Check.of(self._namespace, self._descriptor(exchange)))
        if verdict is None:
            return
        headers = tuple((name.decode(), value.decode()) for name, value in rate_limit_headers(verdict))
        tell(exchange, headers)
        if not verdict.allowed:
            limit = verdict.denied_by or ""
            self._metrics.rate_limited.labels(limit).inc()
            error = error_body("Too many operations", EXCEEDED, limit=limit)
            raise RequestError(429, [error], headers=headers)

    async def close(self) -> None:
        await self._limiter.close()

    def _descriptor(self, exchange: Exchange) -> dict[str, str]:
        """The attributes that the operation has; a policy that counts by another one does not apply to it."""
        found = ((name, first_found(sources, exchange)) for name, sources in self._attributes)
        return {name: value[1][:_LONGEST_VALUE] for name, value in found if value is not None and value[1]}

    async def _verdict(self, check: Check) -> Verdict | None:
        """None where there is none and the operation passes all the same."""
        try:
            verdict = await self._limiter.decide(check)
        except LimiterUnavailableError as error:
            if self._answers:
                _log.warning("Rate limits cannot be decided: the service does not answer: %s", error)
            self._answers = False
            if self._denies:
                raise unavailable() from None
            return None
        self._answers = True
        return verdict
