"""What a service does unasked: it relays its events, applies those of others, does what is due, and deletes what is old."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import TextClause

from common.database import Database, RetryableError
from common.events.consumer import Consumer, ConsumerSpans, Handler
from common.events.event import Event
from common.events.log import EventLog
from common.events.outbox import RETENTION
from common.events.relay import OutboxRelay
from common.retention import Retention

logger = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between two looks at the clock
RESTART_DELAY = 1.0  # seconds

Work = Callable[[], Awaitable[object]]


@asynccontextmanager
async def background_work(
    database: Database,
    log: EventLog,
    *,
    handlers: Mapping[type[Event], Handler],
    schedules: Sequence[Work] = (),
    retention: Sequence[TextClause] = (),
    telemetry: ConsumerSpans | None = None,
) -> AsyncIterator[None]:
    """Work until the end of the block; what is under way then is rolled back and done again later.

    Args:
        database: the service's own; its schema is the service's name among consumers.
        log: where events go to and come from.
        handlers: called by the type of the event with the transaction to work in.
        schedules: called once a second; a database that refuses is asked again a second later.
        retention: by which old rows of the service's own tables are deleted (`common.retention`); the kernel's are, too.
        telemetry: records the handling of an event as part of its publisher's trace.
    """
    relay = OutboxRelay(database, log)
    consumer = Consumer(database, log, name=database.schema, handlers=handlers, telemetry=telemetry)
    old = Retention(database, (*RETENTION, *retention))
    runs = [relay.run, consumer.run, old.run, *(_every_interval(work) for work in schedules)]
    tasks = [asyncio.create_task(_keep(run, database.schema)) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep(run: Work, service: str) -> None:
    """Start again what a defect ended: the service goes on answering, and the log tells."""
    while True:
        try:
            await run()
        except Exception:
            logger.exception("work of %s failed and starts again", service)
        await asyncio.sleep(RESTART_DELAY)


def _every_interval(work: Work) -> Work:
    async def repeat() -> None:
        while True:
            with contextlib.suppress(RetryableError):
                await work()
            await asyncio.sleep(INTERVAL)

    return repeat
