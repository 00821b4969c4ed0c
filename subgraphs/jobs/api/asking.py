"""The inputs that ask for jobs, as requests."""

import json
from datetime import datetime

import msgspec
import strawberry
from strawberry.scalars import JSON

from common.jobs import InvalidJobError, JobRequest, Unique, Workflow
from subgraphs.jobs.api.context import Info
from subgraphs.jobs.api.enums import CatchUp, Priority
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
        return Asked(_text(self))


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
        return Asked("\n".join(_text(step) for step in steps))


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
    if given.queue is not None and not info.context.is_admin:
        raise InvalidJobError("queue", "is for administrators to choose")
    request = _request(info, given.kind, given.arguments)
    changes = {
        "queue": given.queue,
        "priority": given.priority,
        "run_at": given.run_at,
        "max_attempts": given.max_attempts,
    }
    request = msgspec.structs.replace(
        request, **{name: value for name, value in changes.items() if value is not None}
    )
    if given.unique_key is None:
        return request
    key = f"{info.context.require_caller()}:{given.unique_key}"
    return request.with_options(unique_key=key, unique=Unique.UNTIL_FINISHED)


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
    request = context.queues.request(
        kind, json.dumps({} if arguments is None else arguments), everyone=not context.is_admin
    )
    return request.with_options(tenant=context.require_caller())


def _text(given: EnqueueJobInput | WorkflowStepInput) -> str:
    return json.dumps(strawberry.asdict(given), sort_keys=True, default=str)
