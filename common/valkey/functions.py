"""A library of Valkey functions, loaded when it is missing and called under a time limit."""

import asyncio
import hashlib
from collections.abc import Sequence

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from common.valkey.breaker import Breaker

_FAILURES = (RedisError, OSError, TimeoutError)
_CONNECT_TIMEOUT = 1.0


class ValkeyUnavailableError(Exception):
    """Valkey did not answer in time, or is not asked since it lately did not. What was asked may have been done."""


def open_valkey(url: str, *, connections: int) -> Redis:
    """A client that never asks twice by itself: a call whose answer was lost may have had its effect."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=_CONNECT_TIMEOUT,
        socket_connect_timeout=_CONNECT_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    return Redis.from_pool(pool)


class FunctionLibrary:
    """One function in a library of its own, named after what it is: versions live side by side while a release rolls out.

    Args:
        redis: a client from `open_valkey`.
        name: what it is called, before the digest.
        source: its code, in which `LIBRARY` stands for the name of the library and of its one function.
        timeout: seconds for a call.
    """

    def __init__(self, redis: Redis, name: str, source: str, *, timeout: float) -> None:
        digest = hashlib.sha256(source.encode()).hexdigest()
        self.name = f"{name}_{digest[:12]}"
        self.timeout = timeout
        self._source = source.replace("LIBRARY", self.name)
        self._redis = redis
        self._breaker = Breaker()

    async def load(self) -> None:
        """Load it, as the first call would."""
        await self._redis.function_load(self._source, replace=True)

    async def call(self, keys: Sequence[str], payload: bytes) -> bytes:
        """What the function answers.

        Raises:
            ValkeyUnavailableError: it did not answer; whether it ran is unknown.
        """
        if not self._breaker.admits():
            raise ValkeyUnavailableError("Valkey is not asked for a moment, since it did not answer")
        try:
            async with asyncio.timeout(self.timeout):
                answer = await self._call(keys, payload)
        except _FAILURES as error:
            self._breaker.fail()
            raise ValkeyUnavailableError(f"Valkey does not answer: {error!r}") from error
        except asyncio.CancelledError:
            self._breaker.fail()
            raise
        self._breaker.succeed()
        return answer

    async def _call(self, keys: Sequence[str], payload: bytes) -> bytes:
        try:
            return await self._fcall(keys, payload)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
        await self.load()  # a server that is new, or was emptied; it did nothing yet
        return await self._fcall(keys, payload)

    async def _fcall(self, keys: Sequence[str], payload: bytes) -> bytes:
        call = self._redis.fcall(self.name, len(keys), *keys, payload)
        answer: bytes = await call
        return answer
