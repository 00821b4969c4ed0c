"""What is to be seen of jobs, and what their owners do to them: cancel, and try again."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import text

from common.database import Transaction
from common.jobs import Priority
from subgraphs.jobs.domain.jobs import Job, JobFilter, JobState
from subgraphs.jobs.store.moving import cancel_dependents, stage

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
CANCEL: Final = text("""
    UPDATE job SET cancel_requested = true,
        state = CASE WHEN state = 4 THEN 4 ELSE 7 END, finished_at = CASE WHEN state < 4 THEN now() END
    WHERE id = CAST(:id AS uuid) AND state <= 4
    RETURNING queue, state = 7 AND has_dependents AS is_needed
""")
# Of several with one unique key one is tried again, and none where another job has the key now.
RETRY: Final = text("""
    WITH wanted AS MATERIALIZED (
        SELECT id, unique_key, unique_states FROM job
        WHERE state IN (6, 7)
            AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])))
            AND (CAST(:ids AS uuid[]) IS NOT NULL OR state = 6)
            AND (CAST(:queue AS text) IS NULL OR queue = CAST(:queue AS text))
            AND (CAST(:kind AS text) IS NULL OR kind = CAST(:kind AS text))
            AND (CAST(:tenant AS text) IS NULL OR tenant = CAST(:tenant AS text))
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), chosen AS (
        SELECT DISTINCT ON (coalesce(unique_key, id::text)) id FROM wanted w
        WHERE unique_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM job other
            WHERE other.unique_key = w.unique_key AND other.id <> w.id
                AND ((other.unique_states >> other.state) & 1) = 1
        )
        ORDER BY coalesce(unique_key, id::text), id
    )
    UPDATE job SET state = CASE WHEN pending > 0 THEN 0 ELSE 2 END, attempt = 0, crashes = 0, run_at = now(),
                   finished_at = NULL, started_at = NULL, cancel_requested = false, progress = NULL, note = NULL
    WHERE id = ANY(ARRAY(SELECT id FROM chosen))
    RETURNING queue
""")


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


async def cancel(transaction: Transaction, job_id: UUID) -> str | None:
    """Cancel a job that waits, and ask the worker of one that runs to; its queue, None when it has ended."""
    row = (await transaction.execute(CANCEL, {"id": job_id})).one_or_none()
    if row is not None and row.is_needed:
        await cancel_dependents(transaction, [job_id])
    return None if row is None else str(row.queue)


async def retry(
    transaction: Transaction,
    *,
    ids: Sequence[UUID] | None = None,
    queue: str | None = None,
    kind: str | None = None,
    tenant: str | None = None,
    limit: int,
) -> list[str]:
    """Make DEAD jobs, and CANCELLED ones that `ids` name, run again as if they were new; the queue of each."""
    wanted = {"ids": None if ids is None else list(ids), "queue": queue, "kind": kind, "tenant": tenant}
    retried = list((await transaction.execute(RETRY, {**wanted, "limit": limit})).scalars())
    if retried:
        await stage(transaction)
    return retried


def _job(row: sa.Row[Any]) -> Job:
    values = {name: getattr(row, name) for name in _PLAIN}
    return Job(priority=Priority(getattr(row, "class")), state=JobState(row.state), **values)


_PLAIN: Final = tuple(name for name in Job.__struct_fields__ if name not in {"priority", "state"})
