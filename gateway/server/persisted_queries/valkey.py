"""Documents in a Valkey that several routers share."""

import logging
from functools import partial

from common.resilience import Breaker
from common.valkey import ReplyError, ValkeyUnavailableError, open_valkey
from gateway.server.config.cache import Redis as RedisConfig

_log = logging.getLogger("hansa.router")
_FAILURES = (ReplyError, ValkeyUnavailableError, UnicodeError)
_PAUSE = 1.0
"""Seconds for which nothing is asked of a server that failed."""


class ValkeyDocuments:
    """A `DocumentStore`, by keys such as `apq:DIGEST`. While Valkey is down it has nothing and keeps nothing."""

    def __init__(self, config: RedisConfig) -> None:
        breaker = partial(Breaker, failures=1, first_pause=_PAUSE, longest_pause=_PAUSE)
        self._link = open_valkey(*config.urls, timeout=config.timeout, breaker=breaker)
        self._prefix = f"{config.namespace}:apq:" if config.namespace else "apq:"
        self._ttl = max(1, int(config.ttl))
        self._answers = True

    async def get(self, digest: str) -> str | None:
        try:
            text = await self._link.ask("GET", self._prefix + digest)
            document = text if text is None else str(text, "utf-8")
        except _FAILURES as error:
            self._tell(error)
            return None
        self._answers = True
        return document

    async def put(self, digest: str, text: str) -> None:
        try:
            await self._link.ask("SET", self._prefix + digest, text, "EX", self._ttl)
        except _FAILURES as error:
            self._tell(error)
        else:
            self._answers = True

    async def close(self) -> None:
        await self._link.close()

    def _tell(self, error: Exception) -> None:
        """Once an outage."""
        if self._answers:
            _log.warning("Documents are kept in memory only: %s", error)
        self._answers = False
