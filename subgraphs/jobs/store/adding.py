"""New jobs: a batch is one statement, with its tags for fair shares; their dependencies are a second one."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction
from common.jobs import JobRequest
from subgraphs.jobs.domain.jobs import UNIQUE_STATES

ADD: Final = text("""
    WITH placed AS MATERIALIZED (
        SELECT *, CASE WHEN pending > 0 THEN 0
                       WHEN greatest(run_at, now() + delay * interval '1 s') > now() THEN 2
                       WHEN limit_key IS NOT NULL THEN 1 ELSE 3 END AS state
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:queues AS text[]), CAST(:kinds AS text[]), CAST(:tenants AS text[]),
            CAST(:classes AS smallint[]), CAST(:max_attempts AS smallint[]), CAST(:pending AS smallint[]),
            CAST(:unique_states AS smallint[]), CAST(:has_dependents AS boolean[]), CAST(:delays AS float8[]),
            CAST(:run_ats AS timestamptz[]), CAST(:workflow_ids AS uuid[]), CAST(:steps AS text[]),
            CAST(:unique_keys AS text[]), CAST(:limit_keys AS text[]), CAST(:traces AS text[]),
            CAST(:arguments AS text[])
        ) WITH ORDINALITY AS given (
            id, queue, kind, tenant, class, max_attempts, pending, unique_states, has_dependents, delay, run_at,
            workflow_id, step, unique_key, limit_key, trace, arguments, place
        )
    ), counted AS (
        SELECT queue, class, tenant, count(*) AS n FROM placed WHERE state = 3 GROUP BY queue, class, tenant
    ), charged AS MATERIALIZED (
        SELECT c.* FROM (
            SELECT array_agg(queue) AS queues, array_agg(class) AS classes, array_agg(tenant) AS tenants,
                   array_agg(n) AS counts FROM counted
        ) a, LATERAL charge(a.queues, a.classes, a.tenants, a.counts) c
    )
    INSERT INTO job (
        id, queue, kind, tenant, class, max_attempts, pending, unique_states, has_dependents, run_at,
        workflow_id, step, unique_key, limit_key, trace, arguments, state, tag
    )
    SELECT p.id, p.queue, p.kind, p.tenant, p.class, p.max_attempts, p.pending, p.unique_states,
           p.has_dependents, greatest(p.run_at, now() + p.delay * interval '1 s'), p.workflow_id, p.step,
           p.unique_key, p.limit_key, p.trace, p.arguments, p.state,
           coalesce(c.first_tag + c.step * (row_number() OVER same - 1), 0)
    FROM placed p LEFT JOIN charged c
        ON p.state = 3 AND (c.queue, c.class, c.tenant) = (p.queue, p.class, p.tenant)
    WINDOW same AS (PARTITION BY p.queue, p.class, p.tenant, p.state ORDER BY p.place)
    ORDER BY p.unique_key, p.place
    ON CONFLICT DO NOTHING
    RETURNING id
""")
DEPEND: Final = text("""
    INSERT INTO dependency (job_id, needs_id)
    SELECT * FROM unnest(CAST(:jobs AS uuid[]), CAST(:needs AS uuid[]))
""")
IN_THE_WAY: Final = text("""
    SELECT unique_key, id FROM job
    WHERE unique_key = ANY(CAST(:keys AS text[])) AND ((unique_states >> state) & 1) = 1
""")


async def add(transaction: Transaction, requests: Sequence[JobRequest]) -> set[UUID]:
    """Add the jobs; the ids of those that no other job keeps out."""
    needed = {each for request in requests for each in request.after}
    rows = await transaction.execute(
        ADD,
        {
            "ids": [request.id for request in requests],
            "queues": [request.queue for request in requests],
            "kinds": [request.kind for request in requests],
            "tenants": [request.tenant for request in requests],
            "classes": [int(request.priority) for request in requests],
            "max_attempts": [request.max_attempts for request in requests],
            "pending": [len(request.after) for request in requests],
            "unique_states": [UNIQUE_STATES[request.unique] for request in requests],
            "has_dependents": [request.id in needed for request in requests],
            "delays": [request.delay for request in requests],
            "run_ats": [request.run_at for request in requests],
            "workflow_ids": [request.workflow_id for request in requests],
            "steps": [request.step for request in requests],
            "unique_keys": [request.unique_key for request in requests],
            "limit_keys": [request.limit_key for request in requests],
            "traces": [request.trace for request in requests],
            "arguments": [request.arguments for request in requests],
        },
    )
    added = set(rows.scalars())
    edges = [(request.id, each) for request in requests for each in request.after]
    if edges:
        jobs, needs = zip(*edges, strict=True)
        await transaction.execute(DEPEND, {"jobs": list(jobs), "needs": list(needs)})
    return added


async def find_in_the_way(transaction: Transaction, keys: Sequence[str]) -> dict[str, UUID]:
    """The job that keeps others out, by each of the unique `keys` that has one."""
    rows = await transaction.execute(IN_THE_WAY, {"keys": list(keys)})
    return {row.unique_key: row.id for row in rows}
