"""An outcome as all doors tell it: in whole tokens, in seconds, by the policies' names."""

import random

from common.limiting import LimitState, Verdict
from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.model import NEVER, Standing
from subgraphs.ratelimit.domain.rules import MICROSECONDS, Algorithm
from subgraphs.ratelimit.engine.outcome import Outcome

_SPREAD, _LONGEST_SPREAD = 0.1, 30.0  # of the wait, and seconds


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(
        outcome.is_allowed,
        outcome.is_degraded,
        tuple([_state(limit, standing) for limit, standing in outcome.pairs]),
        outcome.denied_by.policy.name if outcome.denied_by else None,
        _retry_after(outcome),
    )


def _retry_after(outcome: Outcome) -> float | None:
    """Seconds until it is worth asking again. A window ends for all whom it denied: they are spread over a while after that."""
    if outcome.denied_by is None or outcome.wait <= 0:
        return None
    wait = outcome.wait / MICROSECONDS
    if outcome.denied_by.rule.algorithm is not Algorithm.FIXED_WINDOW or wait < 1:
        return wait  # those who remember denials do so for a second, and deny nothing that would be admitted
    return wait + random.random() * min(_SPREAD * wait, _LONGEST_SPREAD)  # noqa: S311 - it spreads, and guards nothing


def _state(limit: Limit, standing: Standing) -> LimitState:
    rule = limit.rule
    return LimitState(
        limit.policy.name,
        rule.capacity,
        standing.remaining,
        standing.reset / MICROSECONDS,
        None if standing.wait == NEVER else standing.wait / MICROSECONDS,
        rule.period or None,
        None if rule.limit == rule.capacity else rule.limit,
        "concurrent-requests" if rule.algorithm is Algorithm.CONCURRENCY else "requests",
        limit.policy.is_shadow,
    )
