"""What people change: jobs cancelled and tried again, queues paused, weights, limits, recurring jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from common.jobs import JobRequest
from subgraphs.jobs.domain import CatchUp, Limit
from subgraphs.jobs.store.moving import cancel_dependents, stage

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
PAUSE: Final = text("""
    INSERT INTO queue (name, is_paused) VALUES (:name, :is_paused)
    ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused
""")
WEIGH: Final = text("""
    INSERT INTO weight (queue, tenant, weight) VALUES (:queue, :tenant, :weight)
    ON CONFLICT (queue, tenant) DO UPDATE SET weight = excluded.weight
""")
SET_LIMIT: Final = text("""
    INSERT INTO job_limit (key, max_running, rate, burst, tokens)
    VALUES (:key, :max_running, :rate, CAST(:burst AS integer), CAST(:burst AS integer))
    ON CONFLICT (key) DO UPDATE SET max_running = excluded.max_running, rate = excluded.rate,
        burst = excluded.burst, tokens = least(job_limit.tokens, excluded.burst)
""")
RECUR: Final = text("""
    INSERT INTO recurring (name, cron, timezone, catch_up, request, next_at)
    VALUES (:name, :cron, :timezone, :catch_up, CAST(CAST(:request AS text) AS jsonb), :next_at)
    ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, timezone = excluded.timezone,
        catch_up = excluded.catch_up, request = excluded.request, next_at = excluded.next_at
""")
STOP_RECURRING: Final = text("DELETE FROM recurring WHERE name = :name")
DUE: Final = text("""
    SELECT name, cron, timezone, catch_up, request::text AS request, next_at, now() AS now FROM recurring
    WHERE next_at <= now() ORDER BY next_at LIMIT 100
""")
ADVANCE: Final = text("UPDATE recurring SET next_at = :next_at WHERE name = :name AND next_at = :seen")
NOW: Final = text("SELECT now()")


class DueRecurring(Struct, frozen=True, kw_only=True):
    """A recurring job whose tick has come."""

    name: str
    cron: str
    timezone: str
    catch_up: CatchUp
    request: JobRequest
    next_at: datetime
    now: datetime


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


async def pause(transaction: Transaction, name: str, *, is_paused: bool) -> None:
    """Let no worker take jobs of the queue, or let them again."""
    await transaction.execute(PAUSE, {"name": name, "is_paused": is_paused})


async def weigh(transaction: Transaction, queue: str, tenant: str, weight: int) -> None:
    """Give the tenant `weight` times a tenth of others' share of the queue, from its next jobs on."""
    await transaction.execute(WEIGH, {"queue": queue, "tenant": tenant, "weight": weight})


async def set_limit(transaction: Transaction, limit: Limit) -> None:
    await transaction.execute(SET_LIMIT, msgspec.structs.asdict(limit))


async def recur(
    transaction: Transaction,
    *,
    name: str,
    cron: str,
    timezone: str,
    catch_up: CatchUp,
    request: JobRequest,
    next_at: datetime,
) -> None:
    """Ask for `request` at each tick from `next_at` on, instead of what had the name before."""
    parameters = {"name": name, "cron": cron, "timezone": timezone, "catch_up": catch_up.value}
    parameters["request"] = msgspec.json.encode(request).decode()
    await transaction.execute(RECUR, {**parameters, "next_at": next_at})


async def stop_recurring(transaction: Transaction, name: str) -> bool:
    """Whether there was one."""
    return bool((await transaction.execute(STOP_RECURRING, {"name": name})).rowcount)


async def find_due(transaction: Transaction) -> list[DueRecurring]:
    """The recurring jobs whose tick has come."""
    return [
        DueRecurring(
            name=row.name,
            cron=row.cron,
            timezone=row.timezone,
            catch_up=CatchUp(row.catch_up),
            request=msgspec.json.decode(row.request, type=JobRequest),
            next_at=row.next_at,
            now=row.now,
        )
        for row in await transaction.execute(DUE)
    ]


async def advance(transaction: Transaction, name: str, *, seen: datetime, next_at: datetime) -> bool:
    """Go on to `next_at`; False when somebody else did since `seen` was read."""
    parameters = {"name": name, "seen": seen, "next_at": next_at}
    return bool((await transaction.execute(ADVANCE, parameters)).rowcount)


async def read_clock(transaction: Transaction) -> datetime:
    """The database's time."""
    now: datetime = (await transaction.execute(NOW)).scalar_one()
    return now
