"""The limits of the platform's rate limiter: policies that are changed while they run, and shared by many doors."""

from collections.abc import Mapping

from common.http import ASGIApp, open_transport
from common.limiting import Check, Limiter, LimiterUnavailableError, Verdict
from common.settings import Secret
from gateway.server.config.rate_limits import LimitService
from gateway.server.exchange import Exchange
from gateway.server.rate_limits.gate import LimiterUnavailable
from gateway.server.rate_limits.keys import first_found, sources_of

_LONGEST_VALUE = 256


class ServiceLimits:
    """A `Gate` that asks the service about each operation."""

    def __init__(self, config: LimitService, *, apps: Mapping[str, ASGIApp] | None = None) -> None:
        self.by_operation = config.by_operation
        transport = open_transport(config.url, apps=apps)
        self._limiter = Limiter(transport, Secret(config.token), timeout=config.timeout)
        self._namespace = config.namespace
        self._attributes = [(name, sources_of(part)) for name, part in config.descriptor.items()]

    async def decide(self, exchange: Exchange) -> Verdict:
        try:
            return await self._limiter.decide(Check.of(self._namespace, self._descriptor(exchange)))
        except LimiterUnavailableError as error:
            raise LimiterUnavailable(str(error)) from error

    async def close(self) -> None:
        await self._limiter.close()

    def _descriptor(self, exchange: Exchange) -> dict[str, str]:
        """The attributes that the operation has; a policy that counts by another one does not apply to it."""
        found = ((name, first_found(sources, exchange)) for name, sources in self._attributes)
        return {name: value[1][:_LONGEST_VALUE] for name, value in found if value is not None and value[1]}
