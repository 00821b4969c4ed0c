"""The processes that run jobs, as administrators see and stop them."""

from collections.abc import Sequence
from uuid import UUID

from common.database import Database
from subgraphs.jobs.domain.workers import WorkerInfo
from subgraphs.jobs.store import workers


class Workers:
    """All workers that told of themselves a moment ago."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_workers(self, ids: Sequence[UUID] | None = None) -> dict[UUID, WorkerInfo]:
        async with self._database.transaction() as transaction:
            return await workers.find_workers(transaction, ids)

    async def drain_worker(self, worker_id: UUID) -> bool:
        """Ask a worker to take no more jobs; False when there is none."""
        async with self._database.transaction() as transaction:
            return await workers.drain(transaction, worker_id)
