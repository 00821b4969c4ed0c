"""What a caller asks for, by whichever door, made into requests in the caller's name."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from common.auth import Caller
from common.jobs import InvalidJobError, JobRequest, Priority, Unique
from subgraphs.jobs.access import is_admin
from subgraphs.jobs.service.jobs import Asked, JobBook

PriorityName = Literal["URGENT", "HIGH", "NORMAL", "LOW"]


class AskedJob(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A job; what is left out is as its kind says. The queue is for administrators to choose.

    It is not begun before `runAt`. Of the caller's jobs with one `uniqueKey`, one lives.
    """

    kind: str
    arguments: Any = None
    queue: str | None = None
    priority: PriorityName | None = None
    run_at: Annotated[datetime, Meta(tz=True)] | None = None
    max_attempts: int | None = None
    unique_key: str | None = None


def request_of(jobs: JobBook, caller: Caller, asked: AskedJob) -> JobRequest:
    """The request, in the caller's name. Raises InvalidJobError, UnknownKindError."""
    if asked.queue is not None and not is_admin(caller):
        raise InvalidJobError("queue", "is for administrators to choose")
    request = request_of_kind(jobs, caller, asked.kind, asked.arguments)
    changes = {
        "queue": asked.queue,
        "priority": asked.priority and Priority[asked.priority],
        "run_at": asked.run_at,
        "max_attempts": asked.max_attempts,
    }
    request = msgspec.structs.replace(
        request, **{name: value for name, value in changes.items() if value is not None}
    )
    if asked.unique_key is None:
        return request
    key = f"{caller.subject}:{asked.unique_key}"
    return request.with_options(unique_key=key, unique=Unique.UNTIL_FINISHED)


def request_of_kind(jobs: JobBook, caller: Caller, kind: str, arguments: object) -> JobRequest:
    """A job of a kind that the caller may ask for, which is the caller's. Raises InvalidJobError, UnknownKindError."""
    text = "{}" if arguments is None else json.dumps(arguments)
    request = jobs.request(kind, text, everyone=not is_admin(caller))
    return request.with_options(tenant=caller.subject)


def fingerprint(asked: object) -> Asked:
    """What tells whether the same is asked for again under one idempotency key."""
    return Asked(json.dumps(asked, sort_keys=True, default=str))
