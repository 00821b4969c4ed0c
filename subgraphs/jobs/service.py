"""The use cases of jobs; each call is one transaction, and so is each batch that an event asks for."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.ids import new_id
from common.inputs import check_idempotency_key, check_page
from common.jobs import JobKind, JobRequest, JobsRequested, Unique
from common.jobs.request import check
from subgraphs.jobs.domain import (
    QUEUE,
    WAKE,
    CatchUp,
    Job,
    JobFilter,
    JobPage,
    Limit,
    QueueStats,
    Recurring,
    WorkerInfo,
    check_limit,
    check_name,
    check_weight,
)
from subgraphs.jobs.errors import UnknownKindError
from subgraphs.jobs.recurrence import check_schedule, due_ticks, ticks
from subgraphs.jobs.store import adding, moving, reading, steering, workers

MAX_RETRIED = 10_000
RECURRING_SCOPE = "recurring"


class Asked(Struct, frozen=True):
    """What was asked for under an idempotency key, as text, to tell whether the same is asked for again."""

    text: str


class _Receipt(Struct, frozen=True):
    """What is remembered under an idempotency key: the jobs, or those that kept them out."""

    ids: list[UUID]


class JobQueues:
    """All queues and their jobs. `kinds` are those that may be asked for by name; `wake` is set when jobs are added."""

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, JobKind[Any]] | None = None,
        wake: asyncio.Event | None = None,
    ) -> None:
        self._database = database
        self._kinds = kinds or {}
        self._wake = wake or asyncio.Event()

    def request(self, kind: str, arguments: str, *, everyone: bool) -> JobRequest:
        """A request for a job of the kind; `everyone` may ask for the public ones only.

        Raises:
            UnknownKindError: there is none to be asked for.
            InvalidJobError: the arguments do not fit.
        """
        known = self._kinds.get(kind)
        if known is None or (everyone and not known.policy.is_public):
            raise UnknownKindError(kind)
        return known.request(arguments.encode())

    async def enqueue(
        self, requests: Sequence[JobRequest], *, scope: str, idempotency_key: str, fingerprint: Asked
    ) -> list[UUID]:
        """Add jobs, once for each key in `scope`; the ids of the jobs, or of those that keep them out.

        `fingerprint` is what was asked for, without ids that were made for it.

        Raises:
            InvalidInputError: the key cannot be one.
            InvalidJobError: a request cannot be a job.
            IdempotencyMismatch: the key was used for another request.
        """
        check(requests)
        key = check_idempotency_key(idempotency_key)
        async with self._database.transaction() as transaction:

            async def run() -> _Receipt:
                return _Receipt(await add_jobs(transaction, requests))

            receipt = await idempotency.once(
                transaction, scope=scope, key=key, request=fingerprint, run=run, result=_Receipt
            )
            failpoint("jobs.enqueue.before_commit")
        failpoint("jobs.enqueue.after_commit")
        self._wake.set()
        return receipt.ids

    async def on_requested(self, transaction: Transaction, event: JobsRequested) -> None:
        """Add what a service asked for, as part of the event's transaction."""
        check(event.jobs)
        await add_jobs(transaction, event.jobs)
        self._wake.set()  # a moment early; the worker looks again soon

    async def find_jobs(self, ids: Sequence[UUID]) -> dict[UUID, Job]:
        async with self._database.transaction() as transaction:
            return await reading.find_jobs(transaction, ids)

    async def find_needed(self, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        async with self._database.transaction() as transaction:
            return await reading.find_needed(transaction, ids)

    async def find_workflows(self, ids: Sequence[UUID]) -> dict[UUID, list[Job]]:
        async with self._database.transaction() as transaction:
            return await reading.find_workflows(transaction, ids)

    async def list_jobs(self, wanted: JobFilter, first: int, after: UUID | None) -> JobPage:
        """The newest jobs first. Raises InvalidInputError for a wrong page."""
        limit = check_page(first)
        async with self._database.transaction() as transaction:
            found = await reading.list_jobs(transaction, wanted, after=after, limit=limit + 1)
        return JobPage(found[:limit], len(found) > limit)

    async def list_jobs_of(self, tenants: Sequence[str], first: int) -> dict[str, list[Job]]:
        """The newest `first` jobs of each tenant. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await reading.list_jobs_of(transaction, tenants, check_page(first))

    async def find_queues(self, names: Sequence[str] | None = None) -> dict[str, QueueStats]:
        async with self._database.transaction() as transaction:
            return await reading.find_queues(transaction, names)

    async def find_workers(self, ids: Sequence[UUID] | None = None) -> dict[UUID, WorkerInfo]:
        async with self._database.transaction() as transaction:
            return await workers.find_workers(transaction, ids)

    async def list_limits(self) -> list[Limit]:
        async with self._database.transaction() as transaction:
            return await reading.list_limits(transaction)

    async def list_recurring(self) -> list[Recurring]:
        async with self._database.transaction() as transaction:
            return await reading.list_recurring(transaction)

    async def cancel(self, job_id: UUID) -> bool:
        """Cancel a job, or ask its worker to; False when it has ended or never was."""
        async with self._database.transaction() as transaction:
            queue = await steering.cancel(transaction, job_id)
            if queue is not None:
                transaction.changed(QUEUE, queue)
        return queue is not None

    async def retry(
        self,
        *,
        ids: Sequence[UUID] | None = None,
        queue: str | None = None,
        kind: str | None = None,
        tenant: str | None = None,
    ) -> int:
        """Make ended jobs run again, those of `ids` or the DEAD ones of a kind, queue or tenant; how many."""
        async with self._database.transaction() as transaction:
            retried = await steering.retry(
                transaction, ids=ids, queue=queue, kind=kind, tenant=tenant, limit=MAX_RETRIED
            )
            _tell_of_queues(transaction, retried)
        self._wake.set()
        return len(retried)

    async def pause(self, queue: str, *, is_paused: bool) -> QueueStats:
        """Let workers take no more of the queue's jobs, or let them again."""
        name = check_name("name", queue)
        async with self._database.transaction() as transaction:
            await steering.pause(transaction, name, is_paused=is_paused)
            found = await reading.find_queues(transaction, [name])
            _tell_of_queues(transaction, [name])
        self._wake.set()
        return found[name]

    async def weigh(self, queue: str, tenant: str, weight: int) -> None:
        """Give a tenant more or less than others, who have a weight of 10."""
        async with self._database.transaction() as transaction:
            await steering.weigh(
                transaction, check_name("queue", queue), check_name("tenant", tenant), check_weight(weight)
            )

    async def set_limit(self, limit: Limit) -> Limit:
        """Bound how many jobs of a key run at once, or start a second. What is READY already goes on."""
        async with self._database.transaction() as transaction:
            await steering.set_limit(transaction, check_limit(limit))
            await moving.admit(transaction, [limit.key])
        self._wake.set()
        return limit

    async def drain_worker(self, worker_id: UUID) -> bool:
        """Ask a worker to take no more jobs; False when there is none."""
        async with self._database.transaction() as transaction:
            return await workers.drain(transaction, worker_id)

    async def recur(
        self, name: str, *, cron: str, timezone: str, catch_up: CatchUp, request: JobRequest
    ) -> Recurring:
        """Ask for a job at each tick from now on. Raises InvalidInputError, InvalidJobError."""
        check_schedule(cron, timezone)
        check([request])
        check_name("name", name)
        async with self._database.transaction() as transaction:
            next_at = next(ticks(cron, timezone, await steering.read_clock(transaction)))
            await steering.recur(
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
            return await steering.stop_recurring(transaction, name)


async def add_jobs(transaction: Transaction, requests: Sequence[JobRequest]) -> list[UUID]:
    """Add the jobs in the transaction; the id of each, or of the one that keeps it out."""
    added = await adding.add(transaction, requests)
    _tell_of_queues(transaction, {request.queue for request in requests})
    if any(request.limit_key for request in requests):
        await moving.admit(transaction, sorted({each.limit_key for each in requests if each.limit_key}))
    kept_out = [each for each in requests if each.id not in added and each.unique_key]
    if not kept_out:
        return [request.id for request in requests]
    holders = await adding.find_in_the_way(
        transaction, [each.unique_key for each in kept_out if each.unique_key]
    )
    return [
        request.id if request.id in added else holders.get(request.unique_key or "", request.id)
        for request in requests
    ]


def _tell_of_queues(transaction: Transaction, queues: Iterable[str]) -> None:
    """Wake the workers of all processes, and those who watch."""
    for queue in queues:
        transaction.changed(QUEUE, queue)
        transaction.changed(WAKE, queue)


async def run_recurring(transaction: Transaction) -> None:
    """Ask for the recurring jobs whose ticks have come: once for each tick, by its unique key, whoever leads."""
    for due in await steering.find_due(transaction):
        run_at, next_at = due_ticks(
            due.cron, due.timezone, first=due.next_at, now=due.now, catch_up=due.catch_up
        )
        if await steering.advance(transaction, due.name, seen=due.next_at, next_at=next_at) and run_at:
            await add_jobs(transaction, [_at_tick(due, tick) for tick in run_at])


def _at_tick(due: steering.DueRecurring, tick: datetime) -> JobRequest:
    key = f"{RECURRING_SCOPE}:{due.name}:{tick.isoformat()}"
    return msgspec.structs.replace(
        due.request, id=new_id(), unique_key=key, unique=Unique.WHILE_KEPT, run_at=None, delay=0.0
    )
