"""Who runs jobs: a worker's row is its lease on all jobs in its hand, renewed by one beat for all of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from subgraphs.jobs.domain.workers import WorkerInfo

REGISTER: Final = text("""
    INSERT INTO worker (id, host, pid, queues, concurrency) VALUES (:id, :host, :pid, :queues, :concurrency)
""")
BEAT: Final = text("""
    UPDATE worker SET beat_at = clock_timestamp()
    WHERE id = CAST(:id AS uuid) AND beat_at >= clock_timestamp() - CAST(:silence AS interval)
    RETURNING is_draining, ARRAY(
        SELECT job.id FROM job WHERE state = 4 AND worker_id = CAST(:id AS uuid) AND cancel_requested
    ) AS cancelled
""")
LEAVE: Final = text("DELETE FROM worker WHERE id = CAST(:id AS uuid)")
DRAIN: Final = text("UPDATE worker SET is_draining = true WHERE id = CAST(:id AS uuid) RETURNING id")
LIST: Final = text("""
    SELECT w.*, (SELECT count(*) FROM job WHERE state = 4 AND worker_id = w.id) AS running
    FROM worker w WHERE CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[]))
    ORDER BY started_at LIMIT 1000
""")


class Beat(Struct, frozen=True):
    """What a worker hears when it says that it lives: whether it is to drain, and which of its jobs to cancel."""

    is_draining: bool
    cancelled: Sequence[UUID]


async def register(
    transaction: Transaction, worker_id: UUID, *, host: str, pid: int, queues: Sequence[str], concurrency: int
) -> None:
    """Begin to work as `worker_id`."""
    parameters: dict[str, Any] = {"id": worker_id, "host": host, "pid": pid}
    await transaction.execute(REGISTER, {**parameters, "queues": list(queues), "concurrency": concurrency})


async def beat(transaction: Transaction, worker_id: UUID, silence: timedelta) -> Beat | None:
    """Say that the worker lives; None when it was silent for so long that its jobs are others' now."""
    row = (await transaction.execute(BEAT, {"id": worker_id, "silence": silence})).one_or_none()
    return Beat(row.is_draining, row.cancelled) if row else None


async def leave(transaction: Transaction, worker_id: UUID) -> None:
    await transaction.execute(LEAVE, {"id": worker_id})


async def drain(transaction: Transaction, worker_id: UUID) -> bool:
    """Ask a worker to take no more jobs; False when there is none."""
    return (await transaction.execute(DRAIN, {"id": worker_id})).one_or_none() is not None


async def find_workers(transaction: Transaction, ids: Sequence[UUID] | None) -> dict[UUID, WorkerInfo]:
    """The workers of `ids`, or all."""
    rows = await transaction.execute(LIST, {"ids": None if ids is None else list(ids)})
    names = WorkerInfo.__struct_fields__
    return {row.id: WorkerInfo(**{name: getattr(row, name) for name in names}) for row in rows}
