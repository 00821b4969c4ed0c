"""The inputs that ask for jobs, as requests."""

from datetime import datetime
from typing import cast

import strawberry
from strawberry.scalars import JSON

from common.jobs import InvalidJobError, JobRequest, Workflow
from subgraphs.jobs import asking
from subgraphs.jobs.api.context import Info
from subgraphs.jobs.api.enums import CatchUp, Priority
from subgraphs.jobs.asking import AskedJob, PriorityName
from subgraphs.jobs.service import Asked


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


@strawberry.input(description="A job at each tick of a cron expression.")
class RecurJobInput:
    name: str
    kind: str
    cron: str = strawberry.field(
        description="Five fields, as of Debian's cron, or six with seconds in front."
    )
    timezone: str = "UTC"
    catch_up: CatchUp = CatchUp.LAST
    arguments: JSON | None = None


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
    return asking.request_of(info.context.queues, info.context.signed_in, asked)


def request_of_recurring(info: Info, given: RecurJobInput) -> JobRequest:
    return _request(info, given.kind, given.arguments)


def workflow_of(info: Info, steps: list[WorkflowStepInput]) -> Workflow:
    """The workflow, in the caller's name. Raises InvalidJobError, UnknownKindError."""
    if not steps:
        raise InvalidJobError("steps", "are none")
    workflow = Workflow()
    for step in steps:
        workflow.add(step.name, _request(info, step.kind, step.arguments), after=tuple(step.after or ()))
    return workflow


def _request(info: Info, kind: str, arguments: JSON | None) -> JobRequest:
    context = info.context
    return asking.request_of_kind(context.queues, context.signed_in, kind, arguments)
