"""RateLimit, RateLimit-Policy and Retry-After (draft-ietf-httpapi-ratelimit-headers-10, RFC 9110 section 10.2.3).

Seconds are whole and rounded up, so that nobody is told to come back too early.
"""

from collections.abc import Sequence
from functools import lru_cache

import http_sf
from http_sf.types import ParamsType

from subgraphs.ratelimit.domain.model import NEVER, Standing
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.engine.outcome import Outcome

Headers = list[tuple[str, str]]


def rate_limit_headers(outcome: Outcome) -> Headers:
    """The headers of an answer; shadow limits are not told, as they deny nobody."""
    told = [(limit, standing) for limit, standing in outcome.pairs if not limit.policy.is_shadow]
    headers: Headers = []
    if told:
        policies = tuple((limit.policy.name, limit.rule) for limit, _ in told)
        standings = (_standing(limit.policy.name, *_numbers(standing)) for limit, standing in told)
        headers.append(("ratelimit-policy", _policies(policies)))
        headers.append(("ratelimit", ", ".join(standings)))
    if outcome.wait > 0:
        headers.append(("retry-after", str(seconds(outcome.wait))))
    return headers


def seconds(microseconds: int) -> int:
    return -(-microseconds // 1_000_000)


def _numbers(standing: Standing) -> tuple[int, int]:
    """What remains, and when there is more: for what is denied when it may be admitted, so never after Retry-After."""
    until = standing.reset if standing.wait in {0, NEVER} else standing.wait
    return standing.remaining, seconds(until)


@lru_cache(maxsize=1024)
def _policies(named: Sequence[tuple[str, Rule]]) -> str:
    items: http_sf.ListType = [(name, _quota(rule)) for name, rule in named]
    return str(http_sf.ser(items))


def _quota(rule: Rule) -> ParamsType:
    if rule.algorithm is Algorithm.CONCURRENCY:
        return {"q": rule.limit, "qu": "concurrent-requests"}
    return {"q": rule.limit, **({"w": rule.period} if rule.period else {})}


@lru_cache(maxsize=16_384)
def _standing(name: str, remaining: int, reset: int) -> str:
    parameters: ParamsType = {"r": remaining, "t": reset}
    items: http_sf.ListType = [(name, parameters)]
    return str(http_sf.ser(items))
