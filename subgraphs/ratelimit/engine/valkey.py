"""Decisions by Valkey: those of one tick together, each atomic, at the server's time."""

import asyncio
import time
from collections.abc import Callable, Sequence

import redis.exceptions
from redis.asyncio import Redis

from common.errors import OverloadedError
from common.valkey import Batcher, FunctionLibrary, ValkeyUnavailableError
from subgraphs.ratelimit.domain.model import STALE, Answer, Decision
from subgraphs.ratelimit.engine.protocol import SOURCE, decode_answers, encode_decisions, keys_of

IN_FLIGHT = 4
TIMEOUT = 0.02  # seconds


class ValkeyEngine:
    """limits.lua behind a batcher. `redis` is a client from `open_valkey` that has `IN_FLIGHT` connections or more."""

    def __init__(self, redis: Redis, *, timeout: float = TIMEOUT) -> None:
        self.redis = redis
        self._library = FunctionLibrary(redis, "ratelimit", SOURCE, timeout=timeout)
        self._batcher = Batcher(self._ask, in_flight=IN_FLIGHT)

    async def decide(self, decision: Callable[[int], Decision]) -> Answer:
        """The answer to a decision, which is made for a time: what this machine takes for now, and if a calendar's windows are not
        those of the server's time, for that.

        Raises:
            ValkeyUnavailableError: there is none; what was asked may have been done.
        """
        now, answer = await self._submit(decision(time.time_ns() // 1_000))
        if answer.verdict == STALE:
            _, answer = await self._submit(decision(now))
        return answer

    async def read(self, key: str) -> str | None:
        """The text that is kept under `key`.

        Raises:
            ValkeyUnavailableError: it cannot be read now.
        """
        try:
            async with asyncio.timeout(self._library.timeout):
                text = await self.redis.get(key)
        except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
            raise ValkeyUnavailableError(f"Valkey does not answer: {error!r}") from error
        return str(text, "utf-8") if isinstance(text, bytes) else text

    async def load(self) -> None:
        """Load the library, and see that Valkey keeps what it is given.

        Raises:
            EvictionError: it does not.
        """
        await refuse_eviction(self.redis)
        await self._library.load()

    async def close(self) -> None:
        """Wait for what was asked, and hang up."""
        await self._batcher.close()
        await self.redis.aclose()

    async def _submit(self, decision: Decision) -> tuple[int, Answer]:
        try:
            return await self._batcher.submit(decision)
        except OverloadedError as error:
            raise ValkeyUnavailableError(error.message) from error

    async def _ask(self, decisions: Sequence[Decision]) -> Sequence[tuple[int, Answer]]:
        payload = encode_decisions(0, decisions)
        now, answers = decode_answers(await self._library.call(keys_of(decisions), payload))
        return [(now, answer) for answer in answers]


class EvictionError(Exception):
    """Valkey is set to forget keys when its memory is full, which would forget charges: limits would not hold."""


async def refuse_eviction(redis_: Redis) -> None:
    """Raise EvictionError unless Valkey keeps what it is given (`maxmemory-policy noeviction`)."""
    memory = await redis_.info("memory")
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory") and policy != "noeviction":
        raise EvictionError(f"Set maxmemory-policy of Valkey to noeviction; it is {policy}")
