"""Whoever decides, decides the same: in memory, and in a real Valkey."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest
import redis.asyncio

from gateway.server.config.duration import Duration
from gateway.server.config.rate_limits import SharedCounters
from gateway.server.config.traffic import RateLimit
from gateway.server.rate_limits.decision import Hit, Left, RateLimiter
from gateway.server.rate_limits.gate import LimiterUnavailable
from gateway.server.rate_limits.memory import MemoryLimiter
from gateway.server.rate_limits.valkey import ValkeyLimiter

PATIENT = Duration(20)
"""For a busy machine: no decision is lost to the limiter's own timeout."""


def hit(key: str = "k", capacity: int = 2, interval: float = 3600) -> Hit:
    return Hit.of(key, RateLimit(capacity=capacity, interval=Duration(interval)))


@pytest.fixture(params=["memory", "valkey"])
async def limiter(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[RateLimiter]:
    if request.param == "memory":
        yield MemoryLimiter()
        return
    found = ValkeyLimiter(SharedCounters(urls=(redis_url,), namespace="t", timeout=PATIENT))
    yield found
    await found.close()


async def waits(limiter: RateLimiter, *hits: Hit) -> list[bool]:
    return [verdict.wait > 0 for verdict in await limiter.decide(hits)]


async def test_the_one_after_the_last_is_refused_until_its_wait_is_over(limiter: RateLimiter) -> None:
    short = hit(capacity=2, interval=0.6)
    first, second, third = [(await limiter.decide([short]))[0] for _ in range(3)]
    assert (first.remaining, second.wait) == (1, 0)
    if third.wait:  # a busy machine may have let the third in
        assert third.remaining == 0
        assert third.wait <= 0.3
        await asyncio.sleep(third.wait + 0.01)
        assert await waits(limiter, short) == [False]


async def test_what_is_left_and_when_all_is_there_again(limiter: RateLimiter) -> None:
    verdicts = [(await limiter.decide([hit(capacity=4, interval=4000)]))[0] for _ in range(5)]
    assert [verdict.remaining for verdict in verdicts] == [3, 2, 1, 0, 0]
    assert [round(verdict.reset, -2) for verdict in verdicts] == [1000, 2000, 3000, 4000, 4000]
    assert [round(verdict.wait, -2) for verdict in verdicts] == [0, 0, 0, 0, 1000]


async def test_keys_do_not_share(limiter: RateLimiter) -> None:
    assert await waits(limiter, hit("a", 1)) == [False]
    assert await waits(limiter, hit("a", 1)) == [True]
    assert await waits(limiter, hit("b", 1)) == [False]


async def test_one_that_refuses_means_that_none_is_charged(limiter: RateLimiter) -> None:
    narrow, wide = hit("narrow", 1), hit("wide", 3)
    assert await waits(limiter, narrow, wide) == [False, False]
    for _ in range(5):
        assert await waits(limiter, narrow, wide) == [True, False]
    assert (await limiter.decide([wide]))[0].remaining == 1


async def test_decisions_at_the_same_time_let_just_as_many_in_as_may_be(limiter: RateLimiter) -> None:
    every = [hit("one", 30), hit("two", 50)]
    async with asyncio.timeout(30):
        decisions = await asyncio.gather(*(limiter.decide(every) for _ in range(200)))
    assert sum(not any(verdict.wait for verdict in verdicts) for verdicts in decisions) == 30


async def test_a_smaller_capacity_counts_at_once(limiter: RateLimiter) -> None:
    for _ in range(10):
        await limiter.decide([hit(capacity=10)])
    (verdict,) = await limiter.decide([hit(capacity=2, interval=10)])
    assert verdict.remaining == 0
    assert 0 < verdict.wait <= 5


async def test_both_decide_the_same(redis_url: str) -> None:
    """On random hits in one moment; the clocks are their own, so that seconds are compared roughly."""
    rng = random.Random(7)
    valkey = ValkeyLimiter(SharedCounters(urls=(redis_url,), timeout=PATIENT))
    memory = MemoryLimiter()
    try:
        for _ in range(60):
            hits = [hit(key, capacity, 36000) for key, capacity in rng.sample(KEYS, rng.randint(1, 3))]
            assert _rough(await valkey.decide(hits)) == _rough(await memory.decide(hits))
    finally:
        await valkey.close()


KEYS = [("a", 5), ("b", 9), ("c", 20), ("d", 3)]


def _rough(found: Sequence[Left]) -> list[tuple[int, float, float]]:
    return [(each.remaining, round(each.reset, -3), round(each.wait, -3)) for each in found]


async def test_routers_share_one_count_and_keys_end_with_their_debts(redis_url: str) -> None:
    one, other = (ValkeyLimiter(SharedCounters(urls=(redis_url,), timeout=PATIENT)) for _ in range(2))
    try:
        assert await waits(one, hit()) == [False]
        assert await waits(other, hit()) == [False]
        assert await waits(one, hit()) == [True]
        async with redis.asyncio.Redis.from_url(redis_url) as client:
            assert 0 < await client.pttl("{rate}:k") <= 3_600_000
            await client.script_flush()
        assert await waits(other, hit()) == [True]
    finally:
        await one.close()
        await other.close()


async def test_a_server_that_is_down_is_told_and_not_asked_again_at_once() -> None:
    limiter = ValkeyLimiter(SharedCounters(urls=("redis://127.0.0.1:1",), timeout=Duration(5)))
    with pytest.raises(LimiterUnavailable, match="cannot be reached"):
        await limiter.decide([hit()])
    with pytest.raises(LimiterUnavailable, match="not asked for a moment"):
        await limiter.decide([hit()])
    await limiter.close()
