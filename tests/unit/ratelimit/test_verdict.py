"""What is told of a denial: when to come back, and not all at once."""

from subgraphs.ratelimit.domain.model import NEVER, Standing
from subgraphs.ratelimit.domain.rules import MICROSECONDS, Algorithm, Rule
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.verdict import verdict
from tests.integration.ratelimit.test_engine import limit


def retry_after(algorithm: Algorithm, wait: int) -> float | None:
    asked = limit(Rule(algorithm=algorithm, limit=1, period=3_600))
    return verdict(Outcome([asked], [Standing(0, wait, wait, 0)], asked, wait)).retry_after


def test_who_waits_for_a_windows_end_is_spread_over_a_while_after_it() -> None:
    for seconds, most in ((100, 110), (3_600, 3_630)):
        told = {retry_after(Algorithm.FIXED_WINDOW, seconds * MICROSECONDS) for _ in range(50)}
        assert len(told) > 40
        assert all(each is not None and seconds <= each <= most for each in told)


def test_all_others_are_told_when_they_are_admitted() -> None:
    assert retry_after(Algorithm.SLIDING_LOG, 100 * MICROSECONDS) == 100
    assert retry_after(Algorithm.FIXED_WINDOW, MICROSECONDS // 2) == 0.5
    assert retry_after(Algorithm.FIXED_WINDOW, NEVER) is None
