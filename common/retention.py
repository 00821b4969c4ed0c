"""What is deleted when its time to be kept is over: a few rows at a time, by one process of a service.

Each table that grows by itself has a statement that deletes up to `:limit` of its rows. While there are as many, the next batch
follows soon; so no transaction is long, and a table that has grown meanwhile is caught up with.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import TextClause

from common.database import Database
from common.leadership import Leadership
from common.leases import Lease, fence

LEASE = "retention"
LEASE_TTL = timedelta(seconds=60)
BATCH = 1_000  # rows
PAUSE = 0.05  # seconds between two batches: the disk is for those who wait for an answer
INTERVAL = 20.0  # seconds between two looks when there is nothing more to delete; less than a lease lasts


class Retention:
    """Deletes by `statements`, each for itself; `run` it as a task and cancel it to stop."""

    def __init__(self, database: Database, statements: Sequence[TextClause]) -> None:
        self._database = database
        self._statements = statements
        self._leadership = Leadership(database, LEASE, ttl=LEASE_TTL, retry_interval=INTERVAL)

    async def run(self) -> None:
        """Delete until cancelled; failures of the database are waited out."""
        await self._leadership.run(self._turn)

    async def _turn(self, lease: Lease) -> None:
        """One batch by each statement, and a pause."""
        deleted = [await self._delete(lease, statement) for statement in self._statements]
        await asyncio.sleep(PAUSE if BATCH in deleted else INTERVAL)

    async def _delete(self, lease: Lease, statement: TextClause) -> int:
        async with self._database.transaction() as transaction:
            await fence(transaction, lease)
            return (await transaction.execute(statement, {"limit": BATCH})).rowcount
