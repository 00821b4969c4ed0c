"""What transports around another one share, and why one of them has not sent a request."""

from common.http import NotSent, Transport


class Around:
    """A transport to the same place as the `inner` one, which is closed with it."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    @property
    def url(self) -> str:
        return self._inner.url

    async def close(self) -> None:
        await self._inner.close()


class CircuitOpen(NotSent):
    """The subgraph has failed too often."""

    code = "SUBGRAPH_CIRCUIT_OPEN"
    reason = "circuit breaker open"


class Overloaded(NotSent):
    """As many requests are under way as may be, and as many wait."""

    code = "SUBGRAPH_OVERLOADED"
    reason = "too many requests under way"


class RateLimited(NotSent):
    """The subgraph has been sent as many requests as it may be."""

    code = "SUBGRAPH_RATE_LIMITED"
    reason = "rate limited"
