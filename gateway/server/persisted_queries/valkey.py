"""Documents in a Valkey that several routers share."""

import asyncio
import logging
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.server.config.cache import Redis as RedisConfig

_log = logging.getLogger("hansa.router")
_FAILURES = (RedisError, OSError, TimeoutError, UnicodeError)
_PAUSE = 1.0
"""Seconds for which nothing is asked of a server that failed."""


class ValkeyDocuments:
    """A `DocumentStore`, by keys such as `apq:DIGEST`. While Valkey is down it has nothing and keeps nothing."""

    def __init__(self, config: RedisConfig) -> None:
        # With a timeout of its own redis waits by asyncio.wait_for, which may swallow a cancellation.
        self._redis = Redis.from_url(config.urls[0], decode_responses=True, socket_timeout=None)
        self._prefix = f"{config.namespace}:apq:" if config.namespace else "apq:"
        self._ttl = max(1, int(config.ttl))
        self._timeout = config.timeout
        self._paused_until = 0.0

    async def get(self, digest: str) -> str | None:
        if self._is_paused:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                text = await self._redis.get(self._prefix + digest)
        except _FAILURES as error:
            self._pause(error)
            return None
        return text if isinstance(text, str) else None

    async def put(self, digest: str, text: str) -> None:
        if self._is_paused:
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._redis.set(self._prefix + digest, text, ex=self._ttl)
        except _FAILURES as error:
            self._pause(error)

    async def close(self) -> None:
        await self._redis.aclose()

    @property
    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _pause(self, error: Exception) -> None:
        self._paused_until = time.monotonic() + _PAUSE
        _log.warning("Documents are kept in memory only: Valkey does not answer: %r", error)
