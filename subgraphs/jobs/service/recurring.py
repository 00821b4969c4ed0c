"""Recurring jobs: asked for once at each tick, whoever leads."""

from datetime import datetime

import msgspec

from common.database import Database, Transaction
from common.ids import new_id
from common.jobs import JobRequest, Unique
from common.jobs.request import check
from subgraphs.jobs.domain.names import check_name
from subgraphs.jobs.domain.recurring import CatchUp, Recurring, check_schedule, due_ticks, ticks
from subgraphs.jobs.service.adding import add_jobs
from subgraphs.jobs.store import recurring
from subgraphs.jobs.store.recurring import DueRecurring

RECURRING_SCOPE = "recurring"


class RecurringJobs:
    """All recurring jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_recurring(self) -> list[Recurring]:
        async with self._database.transaction() as transaction:
            return await recurring.list_recurring(transaction)

    async def recur(
        self, name: str, *, cron: str, timezone: str, catch_up: CatchUp, request: JobRequest
    ) -> Recurring:
        """Ask for a job at each tick from now on. Raises InvalidInputError, InvalidJobError."""
        check_schedule(cron, timezone)
        check([request])
        check_name("name", name)
        async with self._database.transaction() as transaction:
            next_at = next(ticks(cron, timezone, await recurring.read_clock(transaction)))
            await recurring.recur(
                transaction,
                name=name,
                cron=cron,
                timezone=timezone,
                catch_up=catch_up,
                request=request,
                next_at=next_at,
            )
        return Recurring(name=name, cron=cron, timezone=timezone, catch_up=catch_up, next_at=next_at)

    async def stop_recurring(self, name: str) -> bool:
        """Ask for it no more; False when there is none of the name."""
        async with self._database.transaction() as transaction:
            return await recurring.stop_recurring(transaction, name)


async def run_recurring(transaction: Transaction) -> None:
    """Ask for the recurring jobs whose ticks have come: once for each tick, by its unique key, whoever leads."""
    for due in await recurring.find_due(transaction):
        run_at, next_at = due_ticks(
            due.cron, due.timezone, first=due.next_at, now=due.now, catch_up=due.catch_up
        )
        if await recurring.advance(transaction, due.name, seen=due.next_at, next_at=next_at) and run_at:
            await add_jobs(transaction, [_at_tick(due, tick) for tick in run_at])


def _at_tick(due: DueRecurring, tick: datetime) -> JobRequest:
    key = f"{RECURRING_SCOPE}:{due.name}:{tick.isoformat()}"
    return msgspec.structs.replace(
        due.request, id=new_id(), unique_key=key, unique=Unique.WHILE_KEPT, run_at=None, delay=0.0
    )
