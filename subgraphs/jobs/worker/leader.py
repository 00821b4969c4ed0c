"""The leader: one process at a time, under a lease, moves what is due and takes dead workers' jobs out of their hands.

Each piece of its work is a transaction that commits only under the lease. All of it may as well be done twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.leadership import Leadership
from common.leases import Lease, fence
from subgraphs.jobs.service.recurring import run_recurring
from subgraphs.jobs.store import limits, moving
from subgraphs.jobs.worker.worker import SILENCE

logger = logging.getLogger(__name__)

LEASE = "leader"
LEASE_TTL = timedelta(seconds=4)
INTERVAL = 0.5  # seconds
RETRY_INTERVAL = 0.5  # seconds

Work = Callable[[Transaction], Awaitable[object]]


class Leader:
    """Leads for as long as it can; `run` it as a task and cancel it to stop. `wake` is set when jobs became READY."""

    def __init__(self, database: Database, wake: asyncio.Event) -> None:
        self._database = database
        self._wake = wake
        self._leadership = Leadership(database, LEASE, ttl=LEASE_TTL, retry_interval=RETRY_INTERVAL)

    async def run(self) -> None:
        """Lead until cancelled; failures of the database are waited out."""
        await self._leadership.run(self._turn)

    async def _turn(self, lease: Lease) -> None:
        await self._under(lease, run_recurring)
        failpoint("jobs.lead.after_recurring")
        rescued = await self._under(lease, lambda transaction: moving.rescue(transaction, SILENCE))
        failpoint("jobs.lead.after_rescue")
        staged = await self._under(lease, moving.stage)
        failpoint("jobs.lead.after_stage")
        await self._under(lease, limits.admit_all)
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
