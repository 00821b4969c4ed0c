"""What a worker asks and tells: which lanes have jobs, some of them into its hand, and how they ended.

A worker may tell of a job only what is fenced by (id, attempt, worker): when the job was taken from it, nothing happens.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.domain.scheduling import Lane

# For a transaction of a worker. Planning a claim takes a third of its time, and what PostgreSQL would plan anew each time is
# always the same: by the index. So say that, or a plan made while the table was small would stay until it is analysed.
PLANS: Final = "; ".join(
    f"SET LOCAL {setting}"
    for setting in ("plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_bitmapscan = off")
)
LANES: Final = text("""
    SELECT asked.queue, asked.class, first.tag
    FROM (SELECT queue, class FROM unnest(CAST(:queues AS text[])) AS queue, generate_series(0, 3) AS class) asked,
    LATERAL (
        SELECT tag FROM job
        WHERE state = 3 AND job.queue = asked.queue AND job.class = asked.class
              AND kind = ANY(CAST(:kinds AS text[]))
        ORDER BY tag, id LIMIT 1
    ) first
    WHERE NOT EXISTS (SELECT 1 FROM queue q WHERE q.name = asked.queue AND q.is_paused)
""")
# The picked rows are MATERIALIZED: joined into the UPDATE the planner may run the LIMIT again and take more. As an array,
# here and below, they are looked up by the primary key: of a join the planner thinks that it wants the whole table.
CLAIM: Final = text("""
    WITH picked AS MATERIALIZED (
        SELECT found.id
        FROM unnest(
            CAST(:queues AS text[]), CAST(:classes AS smallint[]), CAST(:floors AS bigint[]), CAST(:places AS integer[])
        ) AS asked (queue, class, floor, places),
        LATERAL (
            SELECT id FROM job
            WHERE state = 3 AND job.queue = asked.queue AND job.class = asked.class AND tag >= asked.floor
                  AND kind = ANY(CAST(:kinds AS text[]))
            ORDER BY tag, id LIMIT asked.places FOR UPDATE SKIP LOCKED
        ) found
        WHERE NOT EXISTS (SELECT 1 FROM queue q WHERE q.name = asked.queue AND q.is_paused)
    ), claimed AS (
        UPDATE job SET state = 4, attempt = attempt + 1, worker_id = CAST(:worker AS uuid), started_at = now(),
                       unique_key = CASE WHEN (unique_states >> 4) & 1 = 1 THEN unique_key END
        WHERE id = ANY(ARRAY(SELECT id FROM picked))
        RETURNING id, kind, tenant, attempt, max_attempts, queue, class, tag, trace, arguments
    ), served AS (
        INSERT INTO lane (queue, class, served)
        SELECT queue, class, max(tag) FROM claimed WHERE CAST(:serves AS boolean) GROUP BY queue, class ORDER BY 1, 2
        ON CONFLICT (queue, class) DO UPDATE SET served = greatest(lane.served, excluded.served)
    )
    SELECT * FROM claimed ORDER BY tag, id
""")
SUCCEED: Final = text("""
    WITH ended AS (
        UPDATE job SET state = 5, finished_at = now(), worker_id = NULL, progress = NULL, note = NULL,
                       result = (CAST(:results AS text[]))[array_position(CAST(:ids AS uuid[]), id)]
        WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 4 AND worker_id = CAST(:worker AS uuid)
              AND attempt = (CAST(:attempts AS smallint[]))[array_position(CAST(:ids AS uuid[]), id)]
        RETURNING id, has_dependents, limit_key
    )
    SELECT count(*) AS n, array_agg(id) FILTER (WHERE has_dependents) AS needed,
           array_agg(DISTINCT limit_key) FILTER (WHERE limit_key IS NOT NULL) AS limits
    FROM ended
""")
# What somebody asked to cancel is not tried again.
SETTLE: Final = text("""
    WITH told AS (
        SELECT job.id, told.delay, told.burns, told.error, job.has_dependents, job.limit_key,
               CASE WHEN cancel_requested AND told.state < 5 THEN 7 ELSE told.state END AS state
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:attempts AS smallint[]), CAST(:states AS smallint[]),
            CAST(:delays AS float8[]), CAST(:burns AS boolean[]), CAST(:errors AS text[])
        ) AS told (id, attempt, state, delay, burns, error) JOIN job USING (id)
        WHERE job.id = ANY(CAST(:ids AS uuid[])) AND job.attempt = told.attempt
              AND worker_id = CAST(:worker AS uuid) AND job.state = 4
        FOR UPDATE OF job
    ), ended AS (
        UPDATE job SET state = told.state, attempt = attempt - CASE WHEN told.burns THEN 0 ELSE 1 END,
            run_at = CASE WHEN told.state = 2 THEN now() + told.delay * interval '1 s' ELSE run_at END,
            finished_at = CASE WHEN told.state >= 5 THEN now() END,
            worker_id = NULL, error = coalesce(told.error, job.error)
        FROM told WHERE job.id = told.id
    )
    SELECT count(*) AS n, array_agg(id) FILTER (WHERE has_dependents AND state = 7) AS cancelled,
           array_agg(DISTINCT limit_key) FILTER (WHERE limit_key IS NOT NULL) AS limits
    FROM told
""")
PROGRESS: Final = text("""
    UPDATE job SET progress = told.progress, note = told.note
    FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS smallint[]), CAST(:fractions AS real[]),
                CAST(:notes AS text[])) AS told (id, attempt, progress, note)
    WHERE job.id = ANY(CAST(:ids AS uuid[])) AND job.id = told.id AND job.attempt = told.attempt
        AND worker_id = CAST(:worker AS uuid) AND state = 4
""")
RECLAIM: Final = text("""
    UPDATE job SET state = 3, attempt = attempt - 1, worker_id = NULL
    WHERE state = 4 AND worker_id = CAST(:worker AS uuid) AND NOT id = ANY(CAST(:held AS uuid[]))
""")


class Claimed(Struct, frozen=True):
    """A job in a worker's hand."""

    id: UUID
    kind: str
    tenant: str
    attempt: int
    max_attempts: int
    trace: str | None
    arguments: str
    lane: Lane
    tag: int


class Asking(Struct, frozen=True):
    """How many `places` there are for jobs of a lane, and the tag from which on to look for them."""

    lane: Lane
    floor: int
    places: int


class Settled(Struct, frozen=True):
    """How a job ended, or that it is to run again in `delay` seconds; `burns` an attempt or does not."""

    id: UUID
    attempt: int
    state: JobState
    error: str | None = None
    delay: float = 0.0
    burns: bool = True


class Succeeded(Struct, frozen=True):
    """A job's result, JSON."""

    id: UUID
    attempt: int
    result: str | None


class Ended(Struct, frozen=True):
    """How many of the jobs were the worker's to end; of those, whom others need, and which limits have room now."""

    count: int
    needed: Sequence[UUID]
    limits: Sequence[str]


async def find_lanes(
    transaction: Transaction, queues: Sequence[str], kinds: Sequence[str]
) -> dict[Lane, int]:
    """The classes of `queues`, without those that are paused, in which a job of `kinds` is READY, and its tag."""
    rows: Any = await transaction.execute(LANES, {"queues": list(queues), "kinds": list(kinds)})
    return {(queue, class_): tag for queue, class_, tag in rows}


async def claim(
    transaction: Transaction, worker: UUID, asked: Sequence[Asking], kinds: Sequence[str], *, serves: bool
) -> list[Claimed]:
    """Take jobs, those of each lane in the order of their tags. With `serves`, who comes new to a lane starts behind them."""
    parameters = {
        "worker": worker,
        "queues": [each.lane[0] for each in asked],
        "classes": [each.lane[1] for each in asked],
        "floors": [each.floor for each in asked],
        "places": [each.places for each in asked],
        "kinds": list(kinds),
        "serves": serves,
    }
    rows: Any = (await transaction.execute(CLAIM, parameters)).all()
    return [
        Claimed(id_, kind, tenant, attempt, most, trace, arguments, (queue, class_), tag)
        for id_, kind, tenant, attempt, most, queue, class_, tag, trace, arguments in rows
    ]


async def succeed(transaction: Transaction, worker: UUID, jobs: Sequence[Succeeded]) -> Ended:
    """End the jobs that are still the worker's."""
    parameters = {
        "worker": worker,
        "ids": [job.id for job in jobs],
        "attempts": [job.attempt for job in jobs],
        "results": [job.result for job in jobs],
    }
    row = (await transaction.execute(SUCCEED, parameters)).one()
    return Ended(row.n, row.needed or (), row.limits or ())


async def settle(transaction: Transaction, worker: UUID, jobs: Sequence[Settled]) -> Ended:
    """End the jobs that are still the worker's otherwise than by success; `needed` are those that are CANCELLED."""
    parameters = {
        "worker": worker,
        "ids": [job.id for job in jobs],
        "attempts": [job.attempt for job in jobs],
        "states": [int(job.state) for job in jobs],
        "delays": [job.delay for job in jobs],
        "burns": [job.burns for job in jobs],
        "errors": [job.error for job in jobs],
    }
    row = (await transaction.execute(SETTLE, parameters)).one()
    return Ended(row.n, row.cancelled or (), row.limits or ())


async def tell_progress(
    transaction: Transaction, worker: UUID, told: Mapping[tuple[UUID, int], tuple[float, str]]
) -> None:
    """Write down how far jobs in the worker's hand are, by id and attempt."""
    parameters = {
        "worker": worker,
        "ids": [id_ for id_, _ in told],
        "attempts": [attempt for _, attempt in told],
        "fractions": [fraction for fraction, _ in told.values()],
        "notes": [note for _, note in told.values()],
    }
    await transaction.execute(PROGRESS, parameters)


async def return_unknown(transaction: Transaction, worker: UUID, held: Sequence[UUID]) -> int:
    """Put back what a claim took whose answer never came: what is the worker's and not in its hand."""
    return (await transaction.execute(RECLAIM, {"worker": worker, "held": list(held)})).rowcount
