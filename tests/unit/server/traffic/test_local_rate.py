from hypothesis import given
from hypothesis import strategies as st

from gateway.server.config.duration import Duration
from gateway.server.config.traffic import RateLimit
from gateway.server.traffic.local_rate import LocalRate
from tests.unit.server.traffic.peers import Clock


def test_a_burst_is_let_in_and_then_one_by_one() -> None:
    clock = Clock()
    rate = LocalRate(RateLimit(capacity=2, interval=Duration(10)), clock=clock)
    assert [rate.take() for _ in range(2)] == [0, 0]
    assert rate.take() == 5
    clock.now += 5
    assert rate.take() == 0
    assert rate.take() == 5


@given(st.integers(1, 5), st.floats(1, 60), st.lists(st.floats(0, 30), max_size=60))
def test_no_interval_has_more_than_twice_the_capacity_and_a_wait_is_true(
    capacity: int, interval: float, pauses: list[float]
) -> None:
    clock = Clock()
    rate = LocalRate(RateLimit(capacity=capacity, interval=Duration(interval)), clock=clock)
    granted: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = rate.take()
        if wait:
            assert wait <= interval / capacity + 1e-6
            clock.now += wait + 1e-6
            assert rate.take() == 0
        granted.append(clock.now)
        assert sum(clock.now - at < interval for at in granted) <= 2 * capacity
