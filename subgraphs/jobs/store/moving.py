"""What moves jobs to READY when their time or their dependencies have come, and out of dead workers' hands."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction
from subgraphs.jobs.domain.jobs import MAX_CRASHES
from subgraphs.jobs.store import limits

STAGE: Final = text("""
    WITH due AS MATERIALIZED (
        SELECT id, queue, class, tenant, limit_key, run_at FROM job
        WHERE state = 2 AND run_at <= now() ORDER BY run_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), counted AS (
        SELECT queue, class, tenant, count(*) AS n FROM due WHERE limit_key IS NULL GROUP BY queue, class, tenant
    ), charged AS MATERIALIZED (
        SELECT c.* FROM (
            SELECT array_agg(queue) AS queues, array_agg(class) AS classes, array_agg(tenant) AS tenants,
                   array_agg(n) AS counts FROM counted
        ) a, LATERAL charge(a.queues, a.classes, a.tenants, a.counts) c
    ), placed AS (
        SELECT d.id, d.limit_key IS NOT NULL AS is_held, c.first_tag + c.step * (row_number() OVER same - 1) AS tag
        FROM due d LEFT JOIN charged c
            ON d.limit_key IS NULL AND (c.queue, c.class, c.tenant) = (d.queue, d.class, d.tenant)
        WINDOW same AS (PARTITION BY d.queue, d.class, d.tenant, d.limit_key IS NULL ORDER BY d.run_at, d.id)
    ), moved AS (
        UPDATE job SET state = CASE WHEN is_held THEN 1 ELSE 3 END, tag = coalesce(placed.tag, job.tag)
        FROM placed WHERE job.id = placed.id AND job.id = ANY(ARRAY(SELECT id FROM due))
        RETURNING limit_key
    )
    SELECT count(*) AS n, array_agg(DISTINCT limit_key) FILTER (WHERE limit_key IS NOT NULL) AS limits FROM moved
""")
MEET: Final = text("""
    WITH met AS (
        UPDATE dependency SET is_met = true WHERE needs_id = ANY(CAST(:ids AS uuid[])) AND NOT is_met
        RETURNING job_id
    )
    UPDATE job SET pending = pending - n,
                   state = CASE WHEN state = 0 AND pending = n THEN 2 ELSE state END
    FROM (SELECT job_id, count(*) AS n FROM met GROUP BY job_id) counted
    WHERE job.id = counted.job_id
""")
CANCEL_DEPENDENTS: Final = text("""
    WITH RECURSIVE lost AS (
        SELECT job_id FROM dependency WHERE needs_id = ANY(CAST(:ids AS uuid[]))
        UNION SELECT d.job_id FROM dependency d JOIN lost ON d.needs_id = lost.job_id
    )
    UPDATE job SET state = 7, finished_at = now(), error = 'a job that it waits for was cancelled'
    WHERE id = ANY(ARRAY(SELECT job_id FROM lost)) AND state = 0
""")
# A server that was down hears of its workers first.
RESCUE: Final = text("""
    WITH lost AS MATERIALIZED (
        SELECT id FROM job
        WHERE state = 4 AND pg_postmaster_start_time() < clock_timestamp() - CAST(:silence AS interval)
            AND NOT EXISTS (
                SELECT 1 FROM worker w
                WHERE w.id = job.worker_id AND w.beat_at >= clock_timestamp() - CAST(:silence AS interval)
            )
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE job SET crashes = crashes + 1, worker_id = NULL, error = 'its worker died',
        state = CASE WHEN cancel_requested THEN 7
                     WHEN crashes + 1 >= :max_crashes OR attempt >= max_attempts THEN 6
                     WHEN crashes = 0 THEN 3 ELSE 2 END,
        finished_at = CASE WHEN cancel_requested OR crashes + 1 >= :max_crashes OR attempt >= max_attempts
                           THEN now() END,
        run_at = CASE WHEN crashes = 0 THEN run_at ELSE now() + random() * interval '10 s' * crashes END
    WHERE id = ANY(ARRAY(SELECT id FROM lost))
    RETURNING id, state = 7 AND has_dependents AS is_needed
""")
FORGET_WORKERS: Final = text("""
    DELETE FROM worker w
    WHERE beat_at < clock_timestamp() - CAST(:silence AS interval)
        AND NOT EXISTS (SELECT 1 FROM job WHERE state = 4 AND worker_id = w.id)
""")


async def stage(transaction: Transaction, limit: int = 1_000) -> int:
    """Move the jobs whose time has come to READY, as far as their limits have room; how many were due."""
    row = (await transaction.execute(STAGE, {"limit": limit})).one()
    if row.limits:
        await limits.admit(transaction, row.limits)
    return int(row.n)


async def meet(transaction: Transaction, ids: Sequence[UUID]) -> None:
    """These jobs have succeeded: those that waited for nothing else are due."""
    await transaction.execute(MEET, {"ids": list(ids)})
    await stage(transaction)


async def cancel_dependents(transaction: Transaction, ids: Sequence[UUID]) -> None:
    """These jobs were cancelled: so are all that wait for them."""
    await transaction.execute(CANCEL_DEPENDENTS, {"ids": list(ids)})


async def rescue(transaction: Transaction, silence: timedelta, limit: int = 1_000) -> int:
    """Take the jobs of workers that have said nothing for `silence` out of their hands; how many."""
    parameters = {"silence": silence, "limit": limit, "max_crashes": MAX_CRASHES}
    rescued = (await transaction.execute(RESCUE, parameters)).all()
    if cancelled := [row.id for row in rescued if row.is_needed]:
        await cancel_dependents(transaction, cancelled)
    await transaction.execute(FORGET_WORKERS, {"silence": silence})
    return len(rescued)
