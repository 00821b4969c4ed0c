"""When a router that refuses requests is not ready."""

import pytest

from gateway.server.config.duration import Duration
from gateway.server.config.health import Readiness, ReadinessInterval
from gateway.server.rejections import Rejections

READINESS = Readiness(allowed=2, interval=ReadinessInterval(sampling=Duration(5)))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_more_than_are_allowed_in_one_interval_make_it_not_ready_for_two() -> None:
    clock = Clock()
    rejections = Rejections(clock)
    for _ in range(2):
        rejections.count(READINESS)
    await rejections.check()
    rejections.count(READINESS)
    clock.now += 9.9
    with pytest.raises(RuntimeError):
        await rejections.check()
    clock.now += 0.2
    await rejections.check()


async def test_those_of_an_interval_before_do_not_count() -> None:
    clock = Clock()
    rejections = Rejections(clock)
    for _ in range(5):
        for _ in range(2):
            rejections.count(READINESS)
        await rejections.check()
        clock.now += 5
