"""What is to be seen of jobs, queues, limits and recurring jobs; each call is one statement."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import text

from common.database import Transaction
from common.jobs import Priority
from subgraphs.jobs.domain import CatchUp, Job, JobFilter, JobState, Limit, QueueStats, Recurring

FIND: Final = text("SELECT * FROM job WHERE id = ANY(CAST(:ids AS uuid[]))")
LIST: Final = text("""
    SELECT * FROM job
    WHERE (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
        AND (CAST(:queue AS text) IS NULL OR queue = CAST(:queue AS text))
        AND (CAST(:kind AS text) IS NULL OR kind = CAST(:kind AS text))
        AND (CAST(:state AS smallint) IS NULL OR state = CAST(:state AS smallint))
        AND (CAST(:tenant AS text) IS NULL OR tenant = CAST(:tenant AS text))
    ORDER BY id DESC LIMIT :limit
""")
OF_TENANTS: Final = text("""
    SELECT newest.* FROM unnest(CAST(:tenants AS text[])) AS given (tenant),
    LATERAL (SELECT * FROM job WHERE job.tenant = given.tenant ORDER BY id DESC LIMIT :limit) newest
""")
OF_WORKFLOWS: Final = text("SELECT * FROM job WHERE workflow_id = ANY(CAST(:ids AS uuid[])) ORDER BY id")
NEEDED: Final = text(
    "SELECT job_id, needs_id FROM dependency WHERE job_id = ANY(CAST(:ids AS uuid[])) ORDER BY 2"
)
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
LIMITS: Final = text("SELECT key, max_running, rate, burst FROM job_limit ORDER BY key LIMIT 1000")
RECURRING: Final = text(
    "SELECT name, cron, timezone, catch_up, next_at FROM recurring ORDER BY name LIMIT 1000"
)


async def find_jobs(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Job]:
    return {row.id: _job(row) for row in await transaction.execute(FIND, {"ids": list(ids)})}


async def list_jobs(
    transaction: Transaction, wanted: JobFilter, *, after: UUID | None, limit: int
) -> list[Job]:
    """Up to `limit` jobs, newest first, behind `after`."""
    parameters = {
        "after": after,
        "queue": wanted.queue,
        "kind": wanted.kind,
        "state": None if wanted.state is None else int(wanted.state),
        "tenant": wanted.tenant,
        "limit": limit,
    }
    return [_job(row) for row in await transaction.execute(LIST, parameters)]


async def list_jobs_of(transaction: Transaction, tenants: Sequence[str], limit: int) -> dict[str, list[Job]]:
    """The newest `limit` jobs of each tenant."""
    found: dict[str, list[Job]] = {tenant: [] for tenant in tenants}
    for row in await transaction.execute(OF_TENANTS, {"tenants": list(tenants), "limit": limit}):
        found[row.tenant].append(_job(row))
    return found


async def find_workflows(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[Job]]:
    """The jobs of each workflow, in the order of their steps."""
    found: dict[UUID, list[Job]] = {}
    for row in await transaction.execute(OF_WORKFLOWS, {"ids": list(ids)}):
        found.setdefault(row.workflow_id, []).append(_job(row))
    return found


async def find_needed(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The jobs that each job waits for, or waited for."""
    found: dict[UUID, list[UUID]] = {id_: [] for id_ in ids}
    for row in await transaction.execute(NEEDED, {"ids": list(ids)}):
        found[row.job_id].append(row.needs_id)
    return found


async def find_queues(transaction: Transaction, names: Sequence[str] | None) -> dict[str, QueueStats]:
    """The queues of `names`, or all, that have a job or were ever paused."""
    rows = await transaction.execute(QUEUES, {"names": None if names is None else list(names)})
    return {row.name: QueueStats(**row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name


async def list_limits(transaction: Transaction) -> list[Limit]:
    return [
        Limit(key=row.key, max_running=row.max_running, rate=row.rate, burst=row.burst)
        for row in await transaction.execute(LIMITS)
    ]


async def list_recurring(transaction: Transaction) -> list[Recurring]:
    return [
        Recurring(
            name=row.name,
            cron=row.cron,
            timezone=row.timezone,
            catch_up=CatchUp(row.catch_up),
            next_at=row.next_at,
        )
        for row in await transaction.execute(RECURRING)
    ]


def _job(row: sa.Row[Any]) -> Job:
    values = {name: getattr(row, name) for name in _PLAIN}
    return Job(priority=Priority(getattr(row, "class")), state=JobState(row.state), **values)


_PLAIN: Final = tuple(name for name in Job.__struct_fields__ if name not in {"priority", "state"})
