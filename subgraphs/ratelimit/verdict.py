"""An outcome as all doors tell it: in whole tokens, in seconds, by the policies' names."""

from common.limiting import LimitState, Verdict
from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.model import NEVER, Standing
from subgraphs.ratelimit.domain.rules import MICROSECONDS, Algorithm
from subgraphs.ratelimit.engine.outcome import Outcome


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(
        outcome.is_allowed,
        outcome.is_degraded,
        tuple([_state(limit, standing) for limit, standing in outcome.pairs]),
        outcome.denied_by.policy.name if outcome.denied_by else None,
        outcome.wait / MICROSECONDS if outcome.wait > 0 else None,
    )


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
