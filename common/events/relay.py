"""The relay: takes events from a service's outbox to the event log, in the order of their commits.

One process of a service does it at a time, under a lease. It is woken by the commits of its own process and looks
once a second for those of others. While the log is away the events wait in the outbox.
"""

import asyncio
import contextlib
import logging
import os
import socket
from datetime import timedelta

from opentelemetry.instrumentation.utils import suppress_instrumentation

from common.database import Database, RetryableError
from common.events.log import EventLog, LogUnavailableError
from common.events.outbox import mark_published, prune, read_batch
from common.failpoints import failpoint
from common.leases import Lease, LeaseLostError, Leases, fence

logger = logging.getLogger(__name__)

LEASE = "outbox"
LEASE_TTL = timedelta(seconds=6)
RENEW_INTERVAL = 2.0  # seconds
BATCH = 500
POLL_INTERVAL = 1.0  # seconds
UNSETTLED_INTERVAL = 0.02  # seconds, while events wait for another transaction to end
RETRY_INTERVAL = 1.0  # seconds
PRUNE_INTERVAL = 3600.0  # seconds


class OutboxRelay:
    """Relays the outbox of `database` to `log`; `run` it as a task and cancel it to stop."""

    def __init__(self, database: Database, log: EventLog, leases: Leases) -> None:
        self._database = database
        self._log = log
        self._leases = leases
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Relay until cancelled; failures of the database and the log are waited out."""
        available = True
        with suppress_instrumentation():  # its polling is no part of any trace
            while True:
                try:
                    await self._lead_once()
                    available = True
                except (RetryableError, LogUnavailableError) as error:
                    if available:
                        logger.warning("events of %s wait in the outbox: %s", self._database.schema, error)
                    available = False
                except Exception:
                    logger.exception("the relay of %s cannot go on and tries again", self._database.schema)
                await asyncio.sleep(RETRY_INTERVAL)

    async def _lead_once(self) -> None:
        """Relay for as long as the lease is ours; nothing while it is another's."""
        lease = await self._leases.acquire(LEASE, self._holder, LEASE_TTL)
        if lease is None:
            return
        try:
            await self._lead(lease)
        except LeaseLostError:
            logger.warning("another process relays the events of %s now", self._database.schema)
        finally:
            with contextlib.suppress(RetryableError):
                await self._leases.release(lease)

    async def _lead(self, lease: Lease) -> None:
        clock = asyncio.get_running_loop()
        renewed = clock.time()
        prune_at = renewed + PRUNE_INTERVAL
        while True:
            if clock.time() - renewed > RENEW_INTERVAL:
                await self._leases.renew(lease)
                renewed = clock.time()
            if clock.time() > prune_at:
                async with self._database.transaction() as transaction:
                    await prune(transaction)
                prune_at = clock.time() + PRUNE_INTERVAL
            await self._relay(lease)

    async def _relay(self, lease: Lease) -> None:
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
