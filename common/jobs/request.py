"""A job that is asked for, and asking for it inside the caller's own transaction.

The request goes through the outbox of the caller's service to the jobs service, whose inbox takes it once: a transaction
that rolls back has asked for nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, TypedDict, Unpack
from uuid import UUID

import msgspec
from msgspec import Struct

from common.database import Transaction
from common.errors import DomainError
from common.events import Event
from common.jobs.policy import Priority, Unique

MAX_ARGUMENTS = 256 * 1024
MAX_BATCH = 1_000
MAX_MESSAGE = 768 * 1024  # NATS takes a megabyte
MAX_NAME = 200


class InvalidJobError(DomainError):
    """The job cannot be asked for; `field` names what is wrong."""

    code = "INVALID_JOB"
    status = 422

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}", field=field)
        self.field = field


class Options(TypedDict, total=False):
    """What one job may have otherwise than its kind says; `JobRequest` tells what each is."""

    queue: str
    tenant: str
    priority: Priority
    max_attempts: int
    delay: float
    run_at: datetime
    unique_key: str
    unique: Unique
    limit_key: str


class JobRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One job.

    `arguments` are a JSON object. It is not run before `run_at`, nor before `delay` seconds after it reached its queue.
    `tenant` is who shares the queue fairly with others. Of those that have one `unique_key`, one lives (see `Unique`).
    `limit_key` names a limit that it counts in. It waits for the jobs `after`, which stand before it in the same batch.
    `trace` is the W3C traceparent that it continues.
    """

    id: UUID
    kind: str
    arguments: str = "{}"
    queue: str = "default"
    tenant: str = ""
    priority: Priority = Priority.NORMAL
    max_attempts: int = 10
    delay: float = 0.0
    run_at: datetime | None = None
    unique_key: str | None = None
    unique: Unique = Unique.UNTIL_FINISHED
    limit_key: str | None = None
    after: tuple[UUID, ...] = ()
    workflow_id: UUID | None = None
    step: str | None = None
    trace: str | None = None

    def with_options(self, **options: Unpack[Options]) -> "JobRequest":
        """The same job otherwise: `send_mail(to).with_options(tenant="ada", delay=60)`."""
        return msgspec.structs.replace(self, **options)


class JobsRequested(Event, frozen=True, kw_only=True):
    """A service asks for jobs; the batch is kept whole."""

    subject: ClassVar[str] = "jobs.job.requested"
    aggregate: ClassVar[str] = "batch_id"

    batch_id: UUID
    jobs: Sequence[JobRequest]


async def enqueue(transaction: Transaction, *requests: JobRequest) -> None:
    """Ask for jobs if, and only if, `transaction` commits.

    Raises:
        InvalidJobError: one of them cannot be a job; nothing is asked for.
    """
    if requests:
        check(requests)
        if sum(len(request.arguments) for request in requests) > MAX_MESSAGE:
            raise InvalidJobError("arguments", f"of one batch are longer than {MAX_MESSAGE} characters")
        await transaction.publish(JobsRequested(batch_id=requests[0].id, jobs=requests))


def check(requests: Sequence[JobRequest]) -> None:
    """Raise InvalidJobError unless all of `requests` can be jobs, as one batch."""
    if len(requests) > MAX_BATCH:
        raise InvalidJobError("jobs", f"may be {MAX_BATCH} at once, not {len(requests)}")
    known: set[UUID] = set()
    for request in requests:
        _check_one(request)
        if not known.issuperset(request.after):
            raise InvalidJobError("after", "names jobs that do not stand before it in the batch")
        if request.id in known:
            raise InvalidJobError("id", "stands twice in the batch")
        known.add(request.id)
    needed = {id_ for request in requests for id_ in request.after}
    if any(request.unique_key and (request.after or request.id in needed) for request in requests):
        raise InvalidJobError(
            "uniqueKey", "cannot be that of a job that others wait for, or that waits for others"
        )


def _check_one(request: JobRequest) -> None:
    names = {
        "kind": request.kind,
        "queue": request.queue,
        "tenant": request.tenant or "-",
        "uniqueKey": request.unique_key or "-",
        "limitKey": request.limit_key or "-",
        "step": request.step or "-",
    }
    for field, name in names.items():
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            raise InvalidJobError(field, f"must be 1 to {MAX_NAME} printable characters")
    if len(request.arguments) > MAX_ARGUMENTS:
        raise InvalidJobError("arguments", f"are longer than {MAX_ARGUMENTS} characters")
    if not 1 <= request.max_attempts <= 1_000:
        raise InvalidJobError("maxAttempts", "must be between 1 and 1000")
    if not 0 <= request.delay <= 366 * 86_400:
        raise InvalidJobError("delay", "must be between 0 seconds and a year")
    if request.run_at is not None and request.run_at.tzinfo is None:
        raise InvalidJobError("runAt", "has no time zone")
