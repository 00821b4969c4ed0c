"""Forgetting, once an hour, what nobody can ask for any more."""

import time

from common.database import Database
from subgraphs.tenants.store import feed, usage

INTERVAL = 3600.0  # seconds


class Pruning:
    """`turn` is called now and then; any number of processes may do so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = 0.0

    async def turn(self) -> None:
        """Forget, if it is time. Raises RetryableError."""
        if time.monotonic() < self._due:
            return
        async with self._database.transaction() as transaction:
            await feed.prune(transaction)
            await usage.prune(transaction)
        self._due = time.monotonic() + INTERVAL
