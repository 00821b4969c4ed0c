"""Decisions in a Valkey that several routers share: one call, by its clock, and nothing between reading and charging."""

import asyncio
import time
from collections.abc import Sequence

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from gateway.server.config.rate_limits import SharedCounters
from gateway.server.rate_limits.decision import Hit, Left, left
from gateway.server.rate_limits.gate import LimiterUnavailable

_FAILURES = (RedisError, OSError, TimeoutError)
_MAX_CONNECTIONS = 64
_PAUSE = 1.0
"""Seconds for which nothing is asked of a server that failed."""

# `decision.judge` in Lua; ARGV has step and span of each key. Of each key it gives the debt afterwards and the wait.
_DECIDE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local debts, waits, refused = {}, {}, false
for i, key in ipairs(KEYS) do
  local debt = (tonumber(redis.call('GET', key)) or 0) - now
  debts[i] = math.min(math.max(0, debt), tonumber(ARGV[2 * i]))
  waits[i] = math.max(0, debts[i] + ARGV[2 * i - 1] - ARGV[2 * i])
  refused = refused or waits[i] > 0
end
local found = {}
for i, key in ipairs(KEYS) do
  if not refused then
    debts[i] = debts[i] + ARGV[2 * i - 1]
    redis.call('SET', key, string.format('%.0f', now + debts[i]), 'PX', math.ceil(debts[i] / 1000))
  end
  found[2 * i - 1], found[2 * i] = debts[i], waits[i]
end
return found
"""


class ValkeyLimiter:
    """A `RateLimiter`, by keys such as `rate:NAME:DIGEST`, which live as long as their debts.

    A server that does not answer within the time is asked again after a second.
    """

    def __init__(self, config: SharedCounters) -> None:
        pool = BlockingConnectionPool.from_url(
            config.urls[0],
            max_connections=_MAX_CONNECTIONS,
            timeout=config.timeout,
            socket_timeout=None,  # with one, redis waits by asyncio.wait_for, which may swallow a cancellation
        )
        self._redis = Redis.from_pool(pool)
        self._decide = self._redis.register_script(_DECIDE)
        self._prefix = f"{config.namespace}:rate:" if config.namespace else "rate:"
        self._timeout = config.timeout
        self._paused_until = 0.0

    async def decide(self, hits: Sequence[Hit]) -> Sequence[Left]:
        if time.monotonic() < self._paused_until:
            raise LimiterUnavailable("Valkey is not asked for a moment")
        keys = [self._prefix + hit.key for hit in hits]
        arguments = [number for hit in hits for number in (hit.step, hit.span)]
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._decide(keys=keys, args=arguments)
        except _FAILURES as error:
            self._paused_until = time.monotonic() + _PAUSE
            raise LimiterUnavailable(f"Valkey does not answer: {error!r}") from error
        return [left(hit, debt, wait) for hit, debt, wait in zip(hits, found[::2], found[1::2], strict=True)]

    async def close(self) -> None:
        await self._redis.aclose()
