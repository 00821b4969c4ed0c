"""The relay: takes events from a service's outbox to the event log, in the order of their commits.

One process of a service does it at a time, under a lease. It is woken by the commits of its own process and looks
once a second for those of others. While the log is away the events wait in the outbox.
"""

import asyncio
import contextlib
from datetime import timedelta

from common.database import Database, RetryableError
from common.events.log import EventLog, LogUnavailableError
from common.events.outbox import mark_published, read_batch
from common.failpoints import failpoint
from common.leadership import Leadership
from common.leases import Lease, fence

LEASE = "outbox"
LEASE_TTL = timedelta(seconds=6)
RETRY_INTERVAL = 1.0  # seconds
BATCH = 500
POLL_INTERVAL = 1.0  # seconds
UNSETTLED_INTERVAL = 0.02  # seconds, while events wait for another transaction to end


class OutboxRelay:
    """Relays the outbox of `database` to `log`; `run` it as a task and cancel it to stop."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log
        failures = (RetryableError, LogUnavailableError)
        self._leadership = Leadership(
            database, LEASE, ttl=LEASE_TTL, retry_interval=RETRY_INTERVAL, failures=failures
        )

    async def run(self) -> None:
        """Relay until cancelled; failures of the database and the log are waited out."""
        await self._leadership.run(self._turn)

    async def _turn(self, lease: Lease) -> None:
        """Publish one batch, or wait until there may be one."""
        self._database.outbox_written.clear()
        async with self._database.transaction() as transaction:
            batch = await read_batch(transaction, BATCH)
        if not batch.messages:
            await self._wait(UNSETTLED_INTERVAL if batch.unsettled else POLL_INTERVAL)
            return
        failpoint("outbox.relay.before_publish")
        await self._log.publish(batch.messages)
        failpoint("outbox.relay.after_publish")
        async with self._database.transaction() as transaction:
            await fence(transaction, lease)
            await mark_published(transaction, batch.ids)
            failpoint("outbox.relay.before_commit")
        failpoint("outbox.relay.after_commit")

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._database.outbox_written.wait()
