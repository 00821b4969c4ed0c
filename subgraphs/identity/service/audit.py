"""Reading the audit log, and forgetting what was kept long enough. The use cases that it tells of write it."""

from uuid import UUID

from common.database import Database
from common.inputs import InvalidInputError, check_page, parse_id
from subgraphs.identity.domain.audit import EventPage
from subgraphs.identity.store import audit as store


class AuditLog:
    """The security events of all accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: UUID | None, first: int, after: str | None) -> EventPage:
        """The newest events: of one user's account, or all; `after` is the id of the last one that was read.

        Raises:
            InvalidInputError
        """
        place = None if after is None else parse_id(after)
        if after is not None and place is None:
            raise InvalidInputError("after", "is no cursor of this list")
        async with self._database.transaction() as transaction:
            return await store.page(transaction, user_id, check_page(first), place)

    async def prune(self) -> None:
        """Deletes what is older than it has to be kept, a little at a time."""
        pruned = 1
        while pruned:
            async with self._database.transaction() as transaction:
                pruned = await store.prune(transaction)
