"""What clients are told of rate limits."""

from collections.abc import Iterable

from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange

EXCEEDED = "RATE_LIMIT_EXCEEDED"
UNAVAILABLE = "RATE_LIMITS_UNAVAILABLE"


def tell(exchange: Exchange, headers: Iterable[tuple[str, str]]) -> None:
    """Add `headers` to the answer of the operation, if it is one that has its own."""
    if exchange.answer_headers is not None:
        for name, value in headers:
            exchange.answer_headers.set(name, value)


def unavailable() -> RequestError:
    """For operations that nobody can decide about."""
    error = error_body("Rate limits cannot be decided now", UNAVAILABLE)
    return RequestError(503, [error], headers=(("retry-after", "1"),))
