"""Events that make cached answers invalid: a service tells in the transaction of the change itself (its outbox).

A message holds what the endpoint takes. Routers that share a cache share the consumer, too: one of them is enough.
"""

import asyncio
import logging
from collections.abc import Sequence
from itertools import groupby

from common.events import Delivery, EventLog, JetStreamLog, LogUnavailableError
from common.events.log import stream_of
from common.valkey import ValkeyUnavailableError
from gateway.server.config.response_cache import InvalidationEvents
from gateway.server.response_cache.invalidation import Invalidations, InvalidInvalidation, read_invalidations

_log = logging.getLogger("hansa.router")
_WAIT = 5.0
"""Seconds that the log is asked for an event before it is asked anew."""
_PAUSE = 1.0
"""Seconds before something that did not answer is tried again."""


class Listener:
    """Takes events from now until it is closed; an event is acknowledged once what it names is invalid."""

    def __init__(self, config: InvalidationEvents, invalidations: Invalidations) -> None:
        self._log = JetStreamLog.open(config.url)
        streams = [list(subjects) for _, subjects in groupby(sorted(config.subjects), key=stream_of)]
        self._tasks = [
            asyncio.create_task(_consume(self._log, config.consumer, subjects, invalidations))
            for subjects in streams
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._log.close()


async def _consume(
    log: EventLog, consumer: str, subjects: Sequence[str], invalidations: Invalidations
) -> None:
    is_available = True
    while True:
        try:
            for delivery in await log.fetch(consumer, subjects, _WAIT):
                await _take(delivery, invalidations)
            is_available = True
        except LogUnavailableError as error:
            if is_available:
                _log.warning("Events make no cached answers invalid: %s", error)
            is_available = False
            await asyncio.sleep(_PAUSE)


async def _take(delivery: Delivery, invalidations: Invalidations) -> None:
    try:
        await invalidations.run(read_invalidations(delivery.message.payload))
    except InvalidInvalidation as error:
        _log.error("An event on %s is no invalidation: %s", delivery.message.subject, error)
    except ValkeyUnavailableError as error:
        _log.warning("Cached answers are made invalid later: Valkey does not answer: %s", error)
        await delivery.retry(_PAUSE)
        return
    await delivery.acknowledge()
