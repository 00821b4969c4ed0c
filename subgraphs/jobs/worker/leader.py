"""The leader: one process at a time, under a lease, moves what is due and takes dead workers' jobs out of their hands.

Each piece of its work is a transaction that commits only under the lease. All of it may as well be done twice.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta

from opentelemetry.instrumentation.utils import suppress_instrumentation

from common.database import Database, RetryableError, Transaction
from common.failpoints import failpoint
from common.leases import Lease, LeaseLostError, Leases, fence
from subgraphs.jobs.service import run_recurring
from subgraphs.jobs.store import moving
from subgraphs.jobs.worker.worker import SILENCE

logger = logging.getLogger(__name__)

LEASE = "leader"
LEASE_TTL = timedelta(seconds=4)
RENEW_INTERVAL = 1.5  # seconds
INTERVAL = 0.5  # seconds
PRUNE_INTERVAL = 60.0  # seconds
RETRY_INTERVAL = 0.5  # seconds

Work = Callable[[Transaction], Awaitable[object]]


class Leader:
    """Leads for as long as it can; `run` it as a task and cancel it to stop. `wake` is set when jobs became READY."""

    def __init__(self, database: Database, wake: asyncio.Event) -> None:
        self._database = database
        self._leases = Leases(database)
        self._wake = wake
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Lead until cancelled; failures of the database are waited out."""
        with suppress_instrumentation():  # its polling is no part of any trace
            while True:
                try:
                    await self._lead_once()
                except RetryableError as error:
                    logger.warning("jobs have no leader: %s", error)
                except Exception:
                    logger.exception("the leader of jobs cannot go on and tries again")
                await asyncio.sleep(RETRY_INTERVAL)

    async def _lead_once(self) -> None:
        lease = await self._leases.acquire(LEASE, self._holder, LEASE_TTL)
        if lease is None:
            return
        try:
            await self._lead(lease)
        except LeaseLostError:
            logger.warning("another process leads jobs now")
        finally:
            with contextlib.suppress(RetryableError):
                await self._leases.release(lease)

    async def _lead(self, lease: Lease) -> None:
        clock = asyncio.get_running_loop()
        renewed, prune_at = clock.time(), clock.time()
        while True:
            if clock.time() - renewed > RENEW_INTERVAL:
                await self._leases.renew(lease)
                renewed = clock.time()
            if clock.time() > prune_at:
                await self._under(lease, moving.prune)
                prune_at = clock.time() + PRUNE_INTERVAL
            await self._tick(lease)

    async def _tick(self, lease: Lease) -> None:
        await self._under(lease, run_recurring)
        failpoint("jobs.lead.after_recurring")
        rescued = await self._under(lease, lambda transaction: moving.rescue(transaction, SILENCE))
        failpoint("jobs.lead.after_rescue")
        staged = await self._under(lease, moving.stage)
        failpoint("jobs.lead.after_stage")
        await self._under(lease, moving.admit_all)
        if rescued:
            logger.warning("%s jobs were taken from workers that died", rescued)
        self._wake.set()
        if not staged:
            await asyncio.sleep(INTERVAL)

    async def _under(self, lease: Lease, work: Work) -> object:
        """Do `work` in a transaction that commits only under the lease."""
        async with self._database.transaction() as transaction:
            await fence(transaction, lease)
            done = await work(transaction)
            failpoint("jobs.lead.before_commit")
        return done
