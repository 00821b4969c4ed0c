"""What decides about operations: the limits of the configuration, or the platform's rate limiter."""

from typing import Protocol

from common.limiting import Verdict
from gateway.server.exchange import Exchange


class LimiterUnavailable(Exception):  # noqa: N818 - a state of the limiter, not a mistake of the client
    """Nobody can decide now."""


class Gate(Protocol):
    """`by_operation` says that it looks at the operation, which must be known then."""

    by_operation: bool

    async def decide(self, exchange: Exchange) -> Verdict:
        """The verdict on an operation, which is charged where it is allowed. Raises LimiterUnavailable."""
        ...

    async def close(self) -> None: ...
