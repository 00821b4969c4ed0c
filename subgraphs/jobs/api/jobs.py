"""Jobs in the graph, with the workflows that they are steps of and the users whose they are."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import msgspec
import strawberry
import strawberry.federation
from strawberry.scalars import JSON

from common.errors import ForbiddenError
from common.inputs import parse_id
from subgraphs.jobs.api.context import Info
from subgraphs.jobs.api.enums import JobState, Priority
from subgraphs.jobs.api.queues import Queue
from subgraphs.jobs.domain import jobs


@strawberry.federation.type(keys=["id"], description="A piece of work; its owner and administrators see it.")
class Job:
    id: strawberry.ID
    kind: str
    priority: Priority
    state: JobState
    attempt: int = strawberry.field(description="How often it was begun.")
    max_attempts: int
    created_at: datetime
    run_at: datetime = strawberry.field(description="It is not begun before.")
    started_at: datetime | None
    finished_at: datetime | None
    progress: float | None = strawberry.field(description="0 to 1, while it runs and if it tells.")
    note: str | None = strawberry.field(description="What it is at, while it runs and if it tells.")
    error: str | None = strawberry.field(description="Why its last attempt failed.")
    cancel_requested: bool
    step: str | None = strawberry.field(description="Its name in its workflow.")
    job: strawberry.Private[jobs.Job]

    @strawberry.field(description="What it was asked with.")
    def arguments(self) -> JSON:
        return JSON(msgspec.json.decode(self.job.arguments))

    @strawberry.field(description="What it came to, kept for a week.")
    def result(self) -> JSON | None:
        return None if self.job.result is None else JSON(msgspec.json.decode(self.job.result))

    @strawberry.field(description="Where it waits.")
    def queue(self) -> Queue:
        return Queue(name=self.job.queue)

    @strawberry.field(description="Whose it is: a user, or null for a service's own.")
    def owner(self) -> "User | None":
        return User(id=strawberry.ID(self.job.tenant)) if parse_id(self.job.tenant) else None

    @strawberry.field(description="The workflow that it is a step of.")
    def workflow(self) -> "Workflow | None":
        id_ = self.job.workflow_id
        return Workflow(id=strawberry.ID(str(id_))) if id_ else None

    @strawberry.field(description="The jobs that it waits for, or waited for.")
    async def after(self, info: Info) -> list["Job"]:
        ids = await info.context.loaders.needed.load(self.job.id)
        found = await info.context.loaders.job.load_many(ids or [])
        return [Job.of(job) for job in found if job is not None]

    @classmethod
    def of(cls, job: jobs.Job) -> "Job":
        return cls(
            id=strawberry.ID(str(job.id)),
            job=job,
            **{name: getattr(job, name) for name in _SAME},
        )

    @classmethod
    async def load(cls, info: Info, id_: str) -> "Job | None":
        """The job if the caller may see it; another's is as absent as none."""
        parsed = parse_id(id_)
        found = await info.context.loaders.job.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.may_see(found) else None

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Job | None":  # noqa: A002 - the key field's name
        return await cls.load(info, id)


_SAME = (
    *(
        "kind",
        "priority",
        "state",
        "attempt",
        "max_attempts",
        "created_at",
        "run_at",
        "started_at",
        "finished_at",
    ),
    *("progress", "note", "error", "cancel_requested", "step"),
)


@strawberry.federation.type(keys=["id"], description="Jobs of which some wait for others.")
class Workflow:
    id: strawberry.ID

    @strawberry.field(
        description="Its steps in the order that they were given in, as far as the caller may see them."
    )
    async def jobs(self, info: Info) -> list[Job]:
        parsed = parse_id(self.id)
        found = await info.context.loaders.workflow.load(parsed) if parsed else None
        return [Job.of(job) for job in found or () if info.context.may_see(job)]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Workflow":  # noqa: A002 - the key field's name
        return cls(id=id)


@strawberry.federation.type(keys=["id"], extend=True)
class User:
    id: strawberry.ID

    @strawberry.field(description="The newest jobs first; only one's own.")
    async def jobs(self, info: Info, first: int = 20) -> list[Job] | None:
        if not (info.context.is_admin or info.context.is_caller(self.id)):
            raise ForbiddenError("Only the user may see these jobs")
        found = await info.context.loaders.jobs_of.load(self.id, first)
        return [Job.of(job) for job in found]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)
