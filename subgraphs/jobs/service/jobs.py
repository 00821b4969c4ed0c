"""Jobs as they are asked for, looked at, cancelled and tried again."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key, check_page
from common.jobs import JobKind, JobRequest, JobsRequested
from common.jobs.request import check
from subgraphs.jobs.domain.jobs import Job, JobFilter, JobPage
from subgraphs.jobs.domain.queues import QUEUE
from subgraphs.jobs.errors import UnknownKindError
from subgraphs.jobs.service.adding import add_jobs, tell_of_queues
from subgraphs.jobs.store import jobs

MAX_RETRIED = 10_000


class Asked(Struct, frozen=True):
    """What was asked for under an idempotency key, as text, to tell whether the same is asked for again."""

    text: str


class _Receipt(Struct, frozen=True):
    """What is remembered under an idempotency key: the jobs, or those that kept them out."""

    ids: list[UUID]


class JobBook:
    """All jobs. `kinds` are those that may be asked for by name; `wake` is set when jobs are added."""

    def __init__(self, database: Database, kinds: Mapping[str, JobKind[Any]], wake: asyncio.Event) -> None:
        self._database = database
        self._kinds = kinds
        self._wake = wake

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
            return await jobs.find_jobs(transaction, ids)

    async def find_needed(self, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        async with self._database.transaction() as transaction:
            return await jobs.find_needed(transaction, ids)

    async def find_workflows(self, ids: Sequence[UUID]) -> dict[UUID, list[Job]]:
        async with self._database.transaction() as transaction:
            return await jobs.find_workflows(transaction, ids)

    async def list_jobs(self, wanted: JobFilter, first: int, after: UUID | None) -> JobPage:
        """The newest jobs first. Raises InvalidInputError for a wrong page."""
        limit = check_page(first)
        async with self._database.transaction() as transaction:
            found = await jobs.list_jobs(transaction, wanted, after=after, limit=limit + 1)
        return JobPage(found[:limit], len(found) > limit)

    async def list_jobs_of(self, tenants: Sequence[str], first: int) -> dict[str, list[Job]]:
        """The newest `first` jobs of each tenant. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await jobs.list_jobs_of(transaction, tenants, check_page(first))

    async def cancel(self, job_id: UUID) -> bool:
        """Cancel a job, or ask its worker to; False when it has ended or never was."""
        async with self._database.transaction() as transaction:
            queue = await jobs.cancel(transaction, job_id)
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
            retried = await jobs.retry(
                transaction, ids=ids, queue=queue, kind=kind, tenant=tenant, limit=MAX_RETRIED
            )
            tell_of_queues(transaction, retried)
        self._wake.set()
        return len(retried)
