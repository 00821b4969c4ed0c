"""Recurring jobs: what is asked for at which ticks, and which tick of each comes next."""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from common.jobs import JobRequest
from subgraphs.jobs.domain.recurring import CatchUp, Recurring

RECURRING: Final = text(
    "SELECT name, cron, timezone, catch_up, next_at FROM recurring ORDER BY name LIMIT 1000"
)
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
