"""Decisions in a Valkey that several routers share: one call, by its clock, and nothing between reading and charging."""

from collections.abc import Sequence
from functools import partial
from hashlib import sha1
from typing import Any

from common.resilience import Breaker
from common.valkey import ReplyError, ValkeyUnavailableError, open_valkey
from gateway.server.config.rate_limits import SharedCounters
from gateway.server.rate_limits.decision import Hit, Left, left
from gateway.server.rate_limits.gate import LimiterUnavailable

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
_DIGEST = sha1(_DECIDE.encode(), usedforsecurity=False).hexdigest()


class ValkeyLimiter:
    """A `RateLimiter`, by keys such as `{rate}:NAME:DIGEST`, which live as long as their debts.

    A server that does not answer within the time is asked again after a second.
    """

    def __init__(self, config: SharedCounters) -> None:
        breaker = partial(Breaker, failures=1, first_pause=_PAUSE, longest_pause=_PAUSE)
        self._link = open_valkey(*config.urls, timeout=config.timeout, breaker=breaker)
        # In braces, so that all keys of a decision are in one slot of a cluster.
        self._prefix = f"{{{config.namespace}:rate}}:" if config.namespace else "{rate}:"

    async def decide(self, hits: Sequence[Hit]) -> Sequence[Left]:
        keys = [self._prefix + hit.key for hit in hits]
        numbers = [number for hit in hits for number in (hit.step, hit.span)]
        try:
            found = await self._run(len(keys), *keys, *numbers)
        except (ReplyError, ValkeyUnavailableError) as error:
            raise LimiterUnavailable(str(error)) from error
        return [left(hit, debt, wait) for hit, debt, wait in zip(hits, found[::2], found[1::2], strict=True)]

    async def close(self) -> None:
        await self._link.close()

    async def _run(self, *arguments: str | int) -> Any:
        try:
            return await self._link.ask("EVALSHA", _DIGEST, *arguments)
        except ReplyError as error:
            if error.code != "NOSCRIPT":
                raise
            return await self._link.ask("EVAL", _DECIDE, *arguments)
