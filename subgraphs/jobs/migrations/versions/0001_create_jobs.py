"""Jobs, who runs them, their fair shares, limits, dependencies and recurrence, and the tables of the kernel.

States are small numbers, since each change of one is three index entries: 0 WAITING, 1 HELD, 2 SCHEDULED, 3 READY,
4 RUNNING, 5 SUCCEEDED, 6 DEAD, 7 CANCELLED (`domain.JobState`).
"""

from alembic import op

from common.database import create_kernel_tables, drop_kernel_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JOB = """
    CREATE TABLE job (
        id uuid PRIMARY KEY,
        queue text NOT NULL,
        kind text NOT NULL,
        tenant text NOT NULL,
        class smallint NOT NULL CHECK (class BETWEEN 0 AND 3),
        tag bigint NOT NULL DEFAULT 0,
        state smallint NOT NULL CHECK (state BETWEEN 0 AND 7),
        attempt smallint NOT NULL DEFAULT 0,
        max_attempts smallint NOT NULL,
        crashes smallint NOT NULL DEFAULT 0,
        pending smallint NOT NULL DEFAULT 0 CHECK (pending >= 0),
        unique_states smallint NOT NULL DEFAULT 0,
        has_dependents boolean NOT NULL DEFAULT false,
        cancel_requested boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        run_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        worker_id uuid,
        workflow_id uuid,
        step text,
        unique_key text,
        limit_key text,
        trace text,
        progress real,
        note text,
        error text,
        arguments text NOT NULL,
        result text,
        CHECK ((state = 4) = (worker_id IS NOT NULL)),
        CHECK ((state >= 5) = (finished_at IS NOT NULL))
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)
"""
INDEXES = (
    "CREATE INDEX job_ready ON job (queue, class, tag, id) WHERE state = 3",
    "CREATE INDEX job_due ON job (run_at) WHERE state = 2",
    "CREATE INDEX job_running ON job (worker_id) WHERE state = 4",
    "CREATE INDEX job_dead ON job (id) WHERE state = 6",
    "CREATE INDEX job_finished ON job (finished_at) WHERE state >= 5",
    "CREATE INDEX job_limited ON job (limit_key, state, id) WHERE limit_key IS NOT NULL AND state IN (1, 3, 4)",
    "CREATE INDEX job_workflow ON job (workflow_id) WHERE workflow_id IS NOT NULL",
    "CREATE INDEX job_tenant ON job (tenant, id) WHERE tenant <> ''",
    """
    CREATE UNIQUE INDEX job_unique ON job (unique_key)
        WHERE unique_key IS NOT NULL AND ((unique_states >> state) & 1) = 1
    """,
)
TABLES = (
    """
    CREATE TABLE dependency (
        job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
        needs_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
        is_met boolean NOT NULL DEFAULT false,
        PRIMARY KEY (needs_id, job_id)
    )
    """,
    "CREATE INDEX dependency_of ON dependency (job_id)",
    # who is served up to where in a queue's class, and what the latest batch added to that
    """
    CREATE TABLE share (
        queue text, class smallint, tenant text,
        finish bigint NOT NULL,
        charge bigint NOT NULL,
        PRIMARY KEY (queue, class, tenant)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE lane (
        queue text, class smallint,
        served bigint NOT NULL,
        PRIMARY KEY (queue, class)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE weight (
        queue text, tenant text,
        weight integer NOT NULL CHECK (weight BETWEEN 1 AND 1000),
        PRIMARY KEY (queue, tenant)
    )
    """,
    "CREATE TABLE queue (name text PRIMARY KEY, is_paused boolean NOT NULL DEFAULT false)",
    """
    CREATE TABLE worker (
        id uuid PRIMARY KEY,
        host text NOT NULL,
        pid integer NOT NULL,
        queues text[] NOT NULL,
        concurrency integer NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        is_draining boolean NOT NULL DEFAULT false
    )
    """,
    """
    CREATE TABLE job_limit (
        key text PRIMARY KEY,
        max_running integer CHECK (max_running > 0),
        rate double precision CHECK (rate > 0),
        burst integer NOT NULL DEFAULT 1 CHECK (burst > 0),
        tokens double precision NOT NULL,
        refilled_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    """
    CREATE TABLE recurring (
        name text PRIMARY KEY,
        cron text NOT NULL,
        timezone text NOT NULL,
        catch_up text NOT NULL CHECK (catch_up IN ('SKIP', 'LAST', 'ALL')),
        request jsonb NOT NULL,
        next_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX recurring_due ON recurring (next_at)",
)
# Start-time fair queueing: gives each tenant of a queue's class its next `counts` tags, the first of which is not before
# what the class has served. The tags are charge / count apart, by the tenant's weight.
CHARGE = """
    CREATE FUNCTION charge(queues text[], classes smallint[], tenants text[], counts bigint[])
    RETURNS TABLE (queue text, class smallint, tenant text, first_tag bigint, step bigint)
    LANGUAGE sql AS $$
        WITH asked AS (
            SELECT a.queue, a.class, a.tenant, a.n, 100000 / coalesce(w.weight, 10) AS step,
                   coalesce(l.served, 0) AS served
            FROM unnest(queues, classes, tenants, counts) AS a (queue, class, tenant, n)
            LEFT JOIN lane l ON l.queue = a.queue AND l.class = a.class
            LEFT JOIN weight w ON w.queue = a.queue AND w.tenant = a.tenant
        ), charged AS (
            INSERT INTO share AS s (queue, class, tenant, finish, charge)
            SELECT asked.queue, asked.class, asked.tenant, served + n * asked.step, n * asked.step
            FROM asked ORDER BY 1, 2, 3
            ON CONFLICT ON CONSTRAINT share_pkey DO UPDATE
                SET finish = greatest(s.finish + excluded.charge, excluded.finish), charge = excluded.charge
            RETURNING s.queue, s.class, s.tenant, s.finish - s.charge AS first_tag
        )
        SELECT c.queue, c.class, c.tenant, c.first_tag, asked.step::bigint
        FROM charged c JOIN asked ON (asked.queue, asked.class, asked.tenant) = (c.queue, c.class, c.tenant)
    $$
"""


def upgrade() -> None:
    create_kernel_tables(op)
    for statement in (JOB, *INDEXES, *TABLES, CHARGE):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION charge")
    op.execute("DROP TABLE dependency, job, share, lane, weight, queue, worker, job_limit, recurring")
    drop_kernel_tables(op)
