"""Asking for jobs and workflows; each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias, cast

import strawberry
from strawberry.scalars import JSON

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from common.jobs import InvalidJobError, JobRequest
from common.jobs import Workflow as Steps
from subgraphs.jobs.api.context import Info
from subgraphs.jobs.api.enums import Priority
from subgraphs.jobs.api.jobs import Job, Workflow
from subgraphs.jobs.errors import UnknownKindError
from subgraphs.jobs.service import asking
from subgraphs.jobs.service.asking import AskedJob, PriorityName
from subgraphs.jobs.service.jobs import Asked


@strawberry.type(description="There is no such kind of job, or it is not for the caller to ask for.")
class UnknownJobKind:
    message: str
    kind: str
    code: str = "UNKNOWN_KIND"

    @classmethod
    def of(cls, refusal: UnknownKindError) -> "UnknownJobKind":
        return cls(message=refusal.message, kind=str(refusal.extensions["kind"]))


@strawberry.input(description="What is left out is as the kind says.")
class EnqueueJobInput:
    kind: str
    arguments: JSON | None = strawberry.field(default=None, description="An object of the kind's arguments.")
    queue: str | None = strawberry.field(default=None, description="For administrators to choose.")
    priority: Priority | None = None
    run_at: datetime | None = strawberry.field(default=None, description="Not before.")
    max_attempts: int | None = None
    unique_key: str | None = strawberry.field(
        default=None, description="One unfinished job of the caller has it."
    )

    def fingerprint(self) -> Asked:
        return asking.fingerprint(strawberry.asdict(self))


@strawberry.input(description="A step of a workflow.")
class WorkflowStepInput:
    name: str
    kind: str
    arguments: JSON | None = None
    after: list[str] | None = strawberry.field(
        default=None, description="The names of earlier steps that must have succeeded."
    )

    @staticmethod
    def fingerprint_of(steps: list["WorkflowStepInput"]) -> Asked:
        return asking.fingerprint([strawberry.asdict(step) for step in steps])


EnqueueJobResult: TypeAlias = Annotated[
    Job | UnknownJobKind | InvalidInput | IdempotencyKeyReused, strawberry.union("EnqueueJobResult")
]
EnqueueWorkflowResult: TypeAlias = Annotated[
    Workflow | UnknownJobKind | InvalidInput | IdempotencyKeyReused, strawberry.union("EnqueueWorkflowResult")
]


@strawberry.type
class AskingMutation:
    @strawberry.mutation(description="Ask for a job; asking again with the same key does it once.")
    async def enqueue_job(
        self,
        info: Info,
        input: EnqueueJobInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> EnqueueJobResult:
        caller = info.context.require_caller()
        try:
            (id_,) = await info.context.services.jobs.enqueue(
                [request_of(info, input)],
                scope=f"enqueueJob:{caller}",
                idempotency_key=idempotency_key,
                fingerprint=input.fingerprint(),
            )
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)
        except (InvalidInputError, InvalidJobError) as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except UnknownKindError as refusal:
            return UnknownJobKind.of(refusal)
        job = await info.context.loaders.job.load(id_)
        if job is None:
            return InvalidInput(
                message="The job ended so long ago that it is forgotten", field="idempotencyKey"
            )
        return Job.of(job)

    @strawberry.mutation(description="Ask for jobs of which some wait for others; the same key does it once.")
    async def enqueue_workflow(
        self, info: Info, steps: list[WorkflowStepInput], idempotency_key: str
    ) -> EnqueueWorkflowResult:
        caller = info.context.require_caller()
        try:
            ids = await info.context.services.jobs.enqueue(
                list(workflow_of(info, steps)),
                scope=f"enqueueWorkflow:{caller}",
                idempotency_key=idempotency_key,
                fingerprint=WorkflowStepInput.fingerprint_of(steps),
            )
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)
        except (InvalidInputError, InvalidJobError) as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except UnknownKindError as refusal:
            return UnknownJobKind.of(refusal)
        first = await info.context.loaders.job.load(ids[0])
        if first is None:
            return InvalidInput(
                message="The jobs ended so long ago that they are forgotten", field="idempotencyKey"
            )
        return Workflow(id=strawberry.ID(str(first.workflow_id)))


def request_of(info: Info, given: EnqueueJobInput) -> JobRequest:
    """The request, in the caller's name. Raises InvalidJobError, UnknownKindError."""
    asked = AskedJob(
        kind=given.kind,
        arguments=given.arguments,
        queue=given.queue,
        priority=None if given.priority is None else cast("PriorityName", given.priority.name),
        run_at=given.run_at,
        max_attempts=given.max_attempts,
        unique_key=given.unique_key,
    )
    return asking.request_of(info.context.services.jobs, info.context.signed_in, asked)


def workflow_of(info: Info, steps: list[WorkflowStepInput]) -> Steps:
    """The workflow, in the caller's name. Raises InvalidJobError, UnknownKindError."""
    if not steps:
        raise InvalidJobError("steps", "are none")
    workflow = Steps()
    for step in steps:
        workflow.add(
            step.name, request_of_kind(info, step.kind, step.arguments), after=tuple(step.after or ())
        )
    return workflow


def request_of_kind(info: Info, kind: str, arguments: JSON | None) -> JobRequest:
    """A job of the kind, which is the caller's. Raises InvalidJobError, UnknownKindError."""
    context = info.context
    return asking.request_of_kind(context.services.jobs, context.signed_in, kind, arguments)
