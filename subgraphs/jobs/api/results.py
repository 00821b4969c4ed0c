"""What a mutation may come to, besides success: each outcome is a type with a code that stays the same."""

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from subgraphs.jobs.api.types import Job, Limit, Queue, RecurringJob, Workflow


@strawberry.type(description="There is no such kind of job, or it is not for the caller to ask for.")
class UnknownJobKind:
    message: str
    kind: str
    code: str = "UNKNOWN_KIND"


@strawberry.type(description="The caller has no job of that id that could still be cancelled.")
class JobNotFound:
    message: str
    code: str = "JOB_NOT_FOUND"


EnqueueJobResult: TypeAlias = Annotated[
    Job | UnknownJobKind | InvalidInput | IdempotencyKeyReused, strawberry.union("EnqueueJobResult")
]
EnqueueWorkflowResult: TypeAlias = Annotated[
    Workflow | UnknownJobKind | InvalidInput | IdempotencyKeyReused, strawberry.union("EnqueueWorkflowResult")
]
CancelJobResult: TypeAlias = Annotated[Job | JobNotFound, strawberry.union("CancelJobResult")]
SetLimitResult: TypeAlias = Annotated[Limit | InvalidInput, strawberry.union("SetLimitResult")]
PauseQueueResult: TypeAlias = Annotated[Queue | InvalidInput, strawberry.union("PauseQueueResult")]
RecurJobResult: TypeAlias = Annotated[
    RecurringJob | UnknownJobKind | InvalidInput, strawberry.union("RecurJobResult")
]
