"""RateLimit, RateLimit-Policy and Retry-After (draft-ietf-httpapi-ratelimit-headers-10, RFC 9110 section 10.2.3).

Seconds are whole and rounded up, so that nobody is told to come back too early.
"""

import math
from functools import lru_cache

from common.limiting.verdict import LimitState, Verdict


def rate_limit_headers(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """The headers of an answer; shadow limits are not told, as they deny nobody."""
    told = [state for state in verdict.limits if not state.shadow]
    headers: list[tuple[bytes, bytes]] = []
    if told:
        policies = (_policy(state.policy, state.limit) for state in told)
        headers.append((b"ratelimit-policy", b", ".join(policies)))
        headers.append((b"ratelimit", b", ".join(map(_standing, told))))
    if not verdict.allowed and verdict.retry_after is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(verdict.retry_after)))
    return headers


@lru_cache(maxsize=1024)
def _policy(name: str, limit: int) -> bytes:
    return b'"%b";q=%d' % (name.encode(), limit)


def _standing(state: LimitState) -> bytes:
    """What remains, and when there is more: for what is denied when it may be admitted, so never after Retry-After."""
    until = state.wait or state.reset
    return b'"%b";r=%d;t=%d' % (state.policy.encode(), state.remaining, math.ceil(until))
