"""Reading the audit log, now and while it grows, and forgetting what was kept long enough. The use cases that it tells of write it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from uuid import UUID

from common.database import Database, RetryableError
from common.inputs import InvalidInputError, check_page, parse_id
from common.live import Live
from subgraphs.identity.domain.audit import EVERYONE, TOPIC, EventPage, Place, SecurityEvent
from subgraphs.identity.store import audit as store


class AuditLog:
    """The security events of all accounts."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live

    async def page(self, user_id: UUID | None, first: int, after: str | None) -> EventPage:
        """The newest events: of one user's account, or all; `after` is the id of the last one that was read.

        Raises:
            InvalidInputError
        """
        async with self._database.transaction() as transaction:
            return await store.page(transaction, user_id, check_page(first), _event_id(after))

    async def follow(self, user_id: UUID | None, after: str | None) -> AsyncGenerator[SecurityEvent]:
        """The events from now on, or from behind `after` on, as they come: of one user's account, or all.

        Raises:
            InvalidInputError, RetryableError
        """
        place = Place(_event_id(after) or await self._now())

        async def look() -> list[SecurityEvent]:
            async with self._database.transaction() as transaction:
                return await store.untold(transaction, user_id, place.floor, place.told)

        key = EVERYONE if user_id is None else str(user_id)
        async with aclosing(self._live.watch(TOPIC, [key], look)) as looks:
            async for events in looks:
                with suppress(RetryableError):  # what is left is told after the next look
                    while events:
                        place.tell(event.id for event in events)
                        for event in events:
                            yield event
                        events = await look()  # noqa: PLW2901 - the rest of what this look found

    async def prune(self) -> None:
        """Deletes what is older than it has to be kept, a little at a time."""
        pruned = 1
        while pruned:
            async with self._database.transaction() as transaction:
                pruned = await store.prune(transaction)

    async def _now(self) -> UUID:
        async with self._database.transaction() as transaction:
            return await store.newest_id(transaction)


def _event_id(cursor: str | None) -> UUID | None:
    id_ = None if cursor is None else parse_id(cursor)
    if cursor is not None and id_ is None:
        raise InvalidInputError("after", "is no cursor of this list")
    return id_
