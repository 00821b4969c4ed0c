"""RateLimit, RateLimit-Policy and Retry-After (draft-ietf-httpapi-ratelimit-headers-10, RFC 9110 section 10.2.3).

Seconds are whole and rounded up, so that nobody is told to come back too early.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import http_sf
from http_sf.types import ParamsType

from common.limiting.verdict import LimitState, Verdict

Headers = tuple[tuple[str, str], ...]


def rate_limit_headers(verdict: Verdict) -> Headers:
    """The headers of an answer to whom the verdict is about."""
    headers = limit_headers(verdict.limits)
    if verdict.allowed or verdict.retry_after is None:
        return headers
    return (*headers, ("retry-after", str(math.ceil(verdict.retry_after))))


def limit_headers(states: Sequence[LimitState]) -> Headers:
    """The first two of them; shadow limits are not told, as they deny nobody."""
    policies, standings = [], []
    for state in states:
        if not state.shadow:
            policies.append(_policy(state.policy, state.quota or state.limit, state.window, state.unit))
            # of what is denied when it may be admitted, so never after Retry-After
            until = math.ceil(state.wait or state.reset)
            standings.append(f"{_string(state.policy)};r={state.remaining};t={until}")
    if not policies:
        return ()
    return ("ratelimit-policy", ", ".join(policies)), ("ratelimit", ", ".join(standings))


@lru_cache(maxsize=1024)
def _policy(name: str, quota: int, window: int | None, unit: str) -> str:
    parameters: ParamsType = {"q": quota}
    if unit != "requests":
        parameters["qu"] = unit
    if window is not None:
        parameters["w"] = window
    items: http_sf.ListType = [(name, parameters)]
    return str(http_sf.ser(items))


@lru_cache(maxsize=1024)
def _string(text: str) -> str:
    return str(http_sf.ser(text))
