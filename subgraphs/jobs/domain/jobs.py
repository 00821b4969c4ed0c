"""What a job is, which states it goes through, and which requests make sense: pure rules, no I/O."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from common.inputs import InvalidInputError
from common.jobs import Priority, Unique

MAX_RESULT = 64 * 1024
"""Characters of JSON that a result may have."""

MAX_ERROR = 2_000
"""Characters of an error that are kept."""

MAX_CRASHES = 3
"""Workers that may die with a job in hand before it is DEAD."""


class JobState(IntEnum):
    """The first four wait, RUNNING is in a worker's hand, the last three are final unless somebody retries the job.

    WAITING: for jobs before it. HELD: for room under its limit. SCHEDULED: for its time, first or again. READY: for a
    worker. DEAD: has used up its attempts, or was discarded, or was in hand too often when a worker died.
    """

    WAITING = 0
    HELD = 1
    SCHEDULED = 2
    READY = 3
    RUNNING = 4
    SUCCEEDED = 5
    DEAD = 6
    CANCELLED = 7


FINAL = (JobState.SUCCEEDED, JobState.DEAD, JobState.CANCELLED)
_WAITS = 0b0000_1111
UNIQUE_STATES: Mapping[Unique, int] = {
    Unique.UNTIL_STARTED: _WAITS,
    Unique.UNTIL_FINISHED: _WAITS | 1 << JobState.RUNNING,
    Unique.UNTIL_SUCCEEDED: _WAITS | 1 << JobState.RUNNING | 1 << JobState.DEAD,
    Unique.WHILE_KEPT: 0b1111_1111,
}
"""The states, as bits, in which a job keeps others with its key out."""


class Job(Struct, frozen=True, kw_only=True):
    """A job as it is to be seen. `result` is JSON."""

    id: UUID
    queue: str
    kind: str
    tenant: str
    priority: Priority
    state: JobState
    attempt: int
    max_attempts: int
    crashes: int
    cancel_requested: bool
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    worker_id: UUID | None
    workflow_id: UUID | None
    step: str | None
    progress: float | None
    note: str | None
    error: str | None
    arguments: str
    result: str | None


class JobFilter(Struct, frozen=True, kw_only=True):
    """Which jobs; what is None does not matter."""

    queue: str | None = None
    kind: str | None = None
    state: JobState | None = None
    tenant: str | None = None


class JobPage(Struct, frozen=True):
    """Neighbours in the list of jobs, newest first, and whether there are more behind them."""

    jobs: list[Job]
    has_next: bool


def encode_cursor(job: Job) -> str:
    """An opaque cursor for the job's place."""
    return job.id.hex


def decode_cursor(cursor: str) -> UUID:
    """The place that `encode_cursor` wrote down, or InvalidInputError."""
    try:
        return UUID(hex=cursor)
    except ValueError:
        raise InvalidInputError("after", "is not a cursor of this list") from None


def encode_result(result: object) -> str:
    """The JSON that is kept of a result.

    Raises:
        ValueError: it is none, or too long.
    """
    try:
        text = msgspec.json.encode(result).decode()
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise ValueError(f"the result is not JSON: {error}") from None
    if len(text) > MAX_RESULT:
        raise ValueError(f"the result is longer than {MAX_RESULT} characters of JSON")
    return text
