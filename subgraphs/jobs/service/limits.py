"""Limits on how many jobs of a key run at once, or start a second."""

import asyncio

from common.database import Database
from subgraphs.jobs.domain.limits import Limit, check_limit
from subgraphs.jobs.store import limits


class Limits:
    """All limits. `wake` is set when one lets jobs begin."""

    def __init__(self, database: Database, wake: asyncio.Event) -> None:
        self._database = database
        self._wake = wake

    async def list_limits(self) -> list[Limit]:
        async with self._database.transaction() as transaction:
            return await limits.list_limits(transaction)

    async def set_limit(self, limit: Limit) -> Limit:
        """Bound how many jobs of a key run at once, or start a second. What is READY already goes on."""
        async with self._database.transaction() as transaction:
            await limits.set_limit(transaction, check_limit(limit))
            await limits.admit(transaction, [limit.key])
        self._wake.set()
        return limit
