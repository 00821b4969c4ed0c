"""Asking the rate limiter from another process: a check by each request, one call for all of a moment."""

from common.limiting.address import counted_address
from common.limiting.check import Check
from common.limiting.client import Limiter, LimiterUnavailableError
from common.limiting.headers import limit_headers, rate_limit_headers
from common.limiting.verdict import LimitState, Verdict

__all__ = (
    "Check",
    "LimitState",
    "Limiter",
    "LimiterUnavailableError",
    "Verdict",
    "counted_address",
    "limit_headers",
    "rate_limit_headers",
)
