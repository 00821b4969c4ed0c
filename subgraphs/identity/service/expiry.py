"""Forgetting what of the provider is over: sessions, sign-ins under way, codes, families, devices."""

from common.database import Database
from subgraphs.identity.store import devices, grants, pushed_requests, sessions


class Expiry:
    """The rows of one database; they have not counted since they expired, so that nobody waits for this."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prune(self) -> None:
        """Deletes them. Any number of processes may do so at once."""
        for store in (sessions, grants, devices, pushed_requests):
            async with self._database.transaction() as transaction:
                await store.delete_expired(transaction)
