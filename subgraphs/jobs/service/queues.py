"""Queues: what waits in them, pauses, and the weights of their tenants."""

import asyncio
from collections.abc import Sequence

from common.database import Database
from subgraphs.jobs.domain.names import check_name
from subgraphs.jobs.domain.queues import QueueStats, check_weight
from subgraphs.jobs.service.adding import tell_of_queues
from subgraphs.jobs.store import queues


class Queues:
    """All queues. `wake` is set when one's jobs may be taken again."""

    def __init__(self, database: Database, wake: asyncio.Event) -> None:
        self._database = database
        self._wake = wake

    async def find_queues(self, names: Sequence[str] | None = None) -> dict[str, QueueStats]:
        async with self._database.transaction() as transaction:
            return await queues.find_queues(transaction, names)

    async def pause(self, queue: str, *, is_paused: bool) -> QueueStats:
        """Let workers take no more of the queue's jobs, or let them again."""
        name = check_name("name", queue)
        async with self._database.transaction() as transaction:
            await queues.pause(transaction, name, is_paused=is_paused)
            found = await queues.find_queues(transaction, [name])
            tell_of_queues(transaction, [name])
        self._wake.set()
        return found[name]

    async def weigh(self, queue: str, tenant: str, weight: int) -> None:
        """Give a tenant more or less than others, who have a weight of 10."""
        async with self._database.transaction() as transaction:
            await queues.weigh(
                transaction, check_name("queue", queue), check_name("tenant", tenant), check_weight(weight)
            )
