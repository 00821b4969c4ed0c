"""Queues: what waits in them, whether they are paused, and the weights of their tenants."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from common.database import Transaction
from subgraphs.jobs.domain.queues import QueueStats

QUEUES: Final = text("""
    WITH counted AS (
        SELECT queue AS name, state, count(*) AS n, min(run_at) FILTER (WHERE state = 3) AS oldest
        FROM job WHERE state <= 4 OR state = 6 GROUP BY queue, state
    )
    SELECT name, coalesce(bool_or(q.is_paused), false) AS is_paused,
           coalesce(sum(n) FILTER (WHERE state = 0), 0)::bigint AS waiting,
           coalesce(sum(n) FILTER (WHERE state = 1), 0)::bigint AS held,
           coalesce(sum(n) FILTER (WHERE state = 2), 0)::bigint AS scheduled,
           coalesce(sum(n) FILTER (WHERE state = 3), 0)::bigint AS ready,
           coalesce(sum(n) FILTER (WHERE state = 4), 0)::bigint AS running,
           coalesce(sum(n) FILTER (WHERE state = 6), 0)::bigint AS dead,
           min(oldest) AS oldest_ready_at
    FROM counted FULL JOIN queue q USING (name)
    WHERE CAST(:names AS text[]) IS NULL OR name = ANY(CAST(:names AS text[]))
    GROUP BY name ORDER BY name LIMIT 1000
""")
PAUSE: Final = text("""
    INSERT INTO queue (name, is_paused) VALUES (:name, :is_paused)
    ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused
""")
WEIGH: Final = text("""
    INSERT INTO weight (queue, tenant, weight) VALUES (:queue, :tenant, :weight)
    ON CONFLICT (queue, tenant) DO UPDATE SET weight = excluded.weight
""")


async def find_queues(transaction: Transaction, names: Sequence[str] | None) -> dict[str, QueueStats]:
    """The queues of `names`, or all, that have a job or were ever paused."""
    rows = await transaction.execute(QUEUES, {"names": None if names is None else list(names)})
    return {row.name: QueueStats(**row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name


async def pause(transaction: Transaction, name: str, *, is_paused: bool) -> None:
    """Let no worker take jobs of the queue, or let them again."""
    await transaction.execute(PAUSE, {"name": name, "is_paused": is_paused})


async def weigh(transaction: Transaction, queue: str, tenant: str, weight: int) -> None:
    """Give the tenant `weight` times a tenth of others' share of the queue, from its next jobs on."""
    await transaction.execute(WEIGH, {"queue": queue, "tenant": tenant, "weight": weight})
