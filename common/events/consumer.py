"""The consumer: applies events of other services, each once, in the order of their commits.

The inbox row and the effect are one transaction, so a message that is delivered again has none. One message of a stream
is under way at a time. What a handler cannot do is tried again after a while, and parked in the end, so that
one bad event does not hold up all others for ever.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import groupby
from typing import Any, Protocol

import msgspec

from common.database import Database, RetryableError, Transaction
from common.events.event import Event, Message
from common.events.inbox import park, receive
from common.events.log import Delivery, EventLog, LogUnavailableError, stream_of
from common.failpoints import failpoint

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
ABANDON_AFTER = 3 * MAX_ATTEMPTS  # deliveries that ended with the process
BACKOFF = 0.2  # seconds before the second attempt; four times as long before each next
FETCH_WAIT = 5.0  # seconds
RETRY_INTERVAL = 1.0  # seconds

Handler = Callable[[Transaction, Any], Awaitable[None]]


class AbandonedError(Exception):
    """Every process that was given the message ended before it had answered."""


class ConsumerSpans(Protocol):
    """What telemetry does for a consumer."""

    def consumer_span(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> AbstractContextManager[None]: ...


class Consumer:
    """Gives the events that `handlers` are for to them; `run` it as a task and cancel it to stop.

    Args:
        database: where the inbox is and where the handlers work.
        log: where events come from.
        name: who has had which message; several processes of a service use one name.
        handlers: called by the type of the event with the transaction to work in. What they raise rolls it back.
        telemetry: records the handling as part of the publisher's trace.
    """

    def __init__(
        self,
        database: Database,
        log: EventLog,
        *,
        name: str,
        handlers: Mapping[type[Event], Handler],
        telemetry: ConsumerSpans | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._name = name
        self._handlers = {kind.subject: (kind, handler) for kind, handler in handlers.items()}
        self._telemetry = telemetry

    async def run(self) -> None:
        """Consume until cancelled; failures of the database and the log are waited out."""
        streams = groupby(sorted(self._handlers), key=stream_of)
        async with asyncio.TaskGroup() as tasks:
            for _, subjects in streams:
                tasks.create_task(self._consume(list(subjects)))

    async def _consume(self, subjects: Sequence[str]) -> None:
        available = True
        while True:
            try:
                for delivery in await self._log.fetch(self._name, subjects, FETCH_WAIT):
                    await self._take(delivery)
                available = True
            except LogUnavailableError as error:
                if available:
                    logger.warning("%s waits for events: %s", self._name, error)
                available = False
                await asyncio.sleep(RETRY_INTERVAL)
            except Exception:
                logger.exception("%s cannot go on with %s and tries again", self._name, subjects)
                await asyncio.sleep(RETRY_INTERVAL)

    async def _take(self, delivery: Delivery) -> None:
        """Answer one delivery."""
        failpoint("consumer.before_effect")
        try:
            _refuse_abandoned(delivery)
            await self._waiting_for_database(delivery, self._apply)
        except LogUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a handler raises is the event's failure
            if delivery.attempt < MAX_ATTEMPTS:
                await self._postpone(delivery, error)
                return
            await self._waiting_for_database(delivery, partial(self._park, error))
        failpoint("consumer.after_effect")
        await delivery.acknowledge()
        failpoint("consumer.after_acknowledge")

    async def _waiting_for_database(
        self, delivery: Delivery, work: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Do `work`, as often as it takes when it is only the database that refuses."""
        while True:
            try:
                await work(delivery.message)
            except RetryableError as error:
                logger.warning("%s tries message %s again: %s", self._name, delivery.message.id, error)
                await delivery.extend()
                await asyncio.sleep(RETRY_INTERVAL)
            else:
                return

    async def _apply(self, message: Message) -> None:
        kind, handler = self._handlers[message.subject]
        with self._span(message):
            event = msgspec.json.decode(message.payload, type=kind)
            async with self._database.transaction() as transaction:
                if await receive(transaction, self._name, message):
                    failpoint("consumer.after_receive")
                    await handler(transaction, event)
                    failpoint("consumer.before_commit")

    async def _postpone(self, delivery: Delivery, error: Exception) -> None:
        delay = BACKOFF * 4 ** (delivery.attempt - 1)
        logger.warning(
            "%s failed on %s %s, attempt %d of %d; again in %.1f s",
            *(
                self._name,
                delivery.message.subject,
                delivery.message.id,
                delivery.attempt,
                MAX_ATTEMPTS,
                delay,
            ),
            exc_info=error,
        )
        await delivery.retry(delay)

    async def _park(self, error: Exception, message: Message) -> None:
        async with self._database.transaction() as transaction:
            if await receive(transaction, self._name, message):
                await park(transaction, self._name, message, repr(error))
                failpoint("consumer.before_park")
        logger.error("%s parked %s %s", self._name, message.subject, message.id, exc_info=error)

    def _span(self, message: Message) -> AbstractContextManager[None]:
        if self._telemetry is None:
            return nullcontext()
        attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": message.subject,
            "messaging.message.id": str(message.id),
            "messaging.consumer.group.name": self._name,
        }
        return self._telemetry.consumer_span(f"process {message.subject}", message.headers, attributes)


def _refuse_abandoned(delivery: Delivery) -> None:
    if delivery.attempt > ABANDON_AFTER:
        raise AbandonedError(f"{delivery.attempt - 1} deliveries were never answered")
