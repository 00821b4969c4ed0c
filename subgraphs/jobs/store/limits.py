"""Limits: how many jobs of a key may be READY or RUNNING, and who of those that are HELD is admitted next."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import text

from common.database import Transaction
from subgraphs.jobs.domain.limits import Limit

LIMITS: Final = text("SELECT key, max_running, rate, burst FROM job_limit ORDER BY key LIMIT 1000")
SET_LIMIT: Final = text("""
    INSERT INTO job_limit (key, max_running, rate, burst, tokens)
    VALUES (:key, :max_running, :rate, CAST(:burst AS integer), CAST(:burst AS integer))
    ON CONFLICT (key) DO UPDATE SET max_running = excluded.max_running, rate = excluded.rate,
        burst = excluded.burst, tokens = least(job_limit.tokens, excluded.burst)
""")
HELD_KEYS: Final = text(
    "SELECT DISTINCT limit_key FROM job WHERE limit_key IS NOT NULL AND state = 1 LIMIT 1000"
)
LOCK_LIMITS: Final = text(
    "SELECT key FROM job_limit WHERE key = ANY(CAST(:keys AS text[])) ORDER BY key FOR UPDATE"
)
# Its own statement behind the lock: it sees what whoever held the lock before has admitted. All that makes a limited
# job READY is here, and what is READY counts as running, so that the limit holds however jobs go on from there.
ADMIT: Final = text("""
    WITH asked AS (SELECT DISTINCT key FROM unnest(CAST(:keys AS text[])) AS key),
    room AS MATERIALIZED (
        SELECT asked.key, l.key IS NOT NULL AS is_limited, level.tokens,
               greatest(0, least(1000, l.max_running - busy.n, floor(level.tokens)::bigint))::integer AS places
        FROM asked LEFT JOIN job_limit l USING (key),
        LATERAL (SELECT count(*) AS n FROM job WHERE limit_key = asked.key AND state IN (3, 4)) busy,
        LATERAL (
            SELECT CASE WHEN l.rate IS NOT NULL THEN least(
                l.burst, l.tokens + l.rate * extract(epoch FROM clock_timestamp() - l.refilled_at)
            ) END AS tokens
        ) level
    ), picked AS MATERIALIZED (
        SELECT found.* FROM room, LATERAL (
            SELECT id, queue, class, tenant, limit_key FROM job
            WHERE limit_key = room.key AND state = 1 ORDER BY id LIMIT room.places FOR UPDATE SKIP LOCKED
        ) found
    ), spent AS (
        UPDATE job_limit l SET refilled_at = clock_timestamp(),
            tokens = room.tokens - (SELECT count(*) FROM picked WHERE limit_key = room.key)
        FROM room WHERE l.key = room.key AND room.tokens IS NOT NULL
    ), charged AS MATERIALIZED (
        SELECT c.* FROM (
            SELECT array_agg(queue) AS queues, array_agg(class) AS classes, array_agg(tenant) AS tenants,
                   array_agg(n) AS counts
            FROM (SELECT queue, class, tenant, count(*) AS n FROM picked GROUP BY queue, class, tenant) counted
        ) a, LATERAL charge(a.queues, a.classes, a.tenants, a.counts) c
    )
    UPDATE job SET state = 3, tag = placed.tag
    FROM (
        SELECT p.id, c.first_tag + c.step * (row_number() OVER same - 1) AS tag
        FROM picked p JOIN charged c ON (c.queue, c.class, c.tenant) = (p.queue, p.class, p.tenant)
        WINDOW same AS (PARTITION BY p.queue, p.class, p.tenant ORDER BY p.id)
    ) placed WHERE job.id = placed.id AND job.id = ANY(ARRAY(SELECT id FROM picked))
""")


async def list_limits(transaction: Transaction) -> list[Limit]:
    return [
        Limit(key=row.key, max_running=row.max_running, rate=row.rate, burst=row.burst)
        for row in await transaction.execute(LIMITS)
    ]


async def set_limit(transaction: Transaction, limit: Limit) -> None:
    await transaction.execute(SET_LIMIT, msgspec.structs.asdict(limit))


async def admit(transaction: Transaction, keys: Sequence[str]) -> None:
    """Move HELD jobs to READY, oldest first, as far as each of the limits `keys` has room."""
    await transaction.execute(LOCK_LIMITS, {"keys": list(keys)})
    await transaction.execute(ADMIT, {"keys": list(keys)})


async def admit_all(transaction: Transaction) -> None:
    """The same for every limit that holds a job."""
    keys = list((await transaction.execute(HELD_KEYS)).scalars())
    if keys:
        await admit(transaction, keys)
