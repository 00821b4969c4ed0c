"""What people do to jobs that they have asked for; each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from subgraphs.jobs.api.context import FOR_ADMINS, Info
from subgraphs.jobs.api.jobs import Job
from subgraphs.jobs.domain.names import check_name


@strawberry.type(description="The caller has no job of that id that could still be cancelled.")
class JobNotFound:
    message: str
    code: str = "JOB_NOT_FOUND"


CancelJobResult: TypeAlias = Annotated[Job | JobNotFound, strawberry.union("CancelJobResult")]


@strawberry.type
class SteeringMutation:
    @strawberry.mutation(description="Cancel a job that waits, or ask one that runs to end.")
    async def cancel_job(self, info: Info, id: strawberry.ID) -> CancelJobResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        found = await Job.load(info, id)
        if found is None or not await info.context.services.jobs.cancel(found.job.id):
            return JobNotFound(message="You have no such job that has not ended")
        info.context.loaders.job.clear(found.job.id)
        return await Job.load(info, id) or found

    @strawberry.mutation(description="Make an ended job run again as if it were new.")
    async def retry_job(self, info: Info, id: strawberry.ID) -> CancelJobResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        found = await Job.load(info, id)
        if found is None or not await info.context.services.jobs.retry(ids=[found.job.id]):
            return JobNotFound(message="You have no such job that is DEAD or CANCELLED and free to run again")
        info.context.loaders.job.clear(found.job.id)
        return await Job.load(info, id) or found

    @strawberry.federation.mutation(
        description="Make DEAD jobs run again as if they were new, ten thousand at most; gives how many.",
        requires_scopes=FOR_ADMINS,
    )
    async def retry_dead_jobs(
        self, info: Info, queue: str | None = None, kind: str | None = None, owner_id: str | None = None
    ) -> int:
        info.context.require_admin()
        for field, name in {"queue": queue, "kind": kind, "ownerId": owner_id}.items():
            if name is not None:
                check_name(field, name)
        return await info.context.services.jobs.retry(queue=queue, kind=kind, tenant=owner_id)
