"""Jobs to be looked up, and lists of them."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from common.app.values import PageInfo
from subgraphs.jobs.api.context import Info
from subgraphs.jobs.api.enums import JobState
from subgraphs.jobs.api.jobs import Job, Workflow
from subgraphs.jobs.domain import jobs
from subgraphs.jobs.domain.names import check_name


@strawberry.type
class JobEdge:
    cursor: str
    node: Job


@strawberry.type(description="A page of jobs, newest first.")
class JobConnection:
    edges: list[JobEdge]
    page_info: PageInfo

    @classmethod
    def of(cls, page: jobs.JobPage) -> "JobConnection":
        edges = [JobEdge(cursor=jobs.encode_cursor(job), node=Job.of(job)) for job in page.jobs]
        end_cursor = edges[-1].cursor if edges else None
        return cls(edges=edges, page_info=PageInfo(has_next_page=page.has_next, end_cursor=end_cursor))


@strawberry.input(description="What is left out does not matter.")
class JobFilter:
    queue: str | None = None
    kind: str | None = None
    state: JobState | None = None
    owner_id: str | None = strawberry.field(default=None, description="Only administrators may name another.")


@strawberry.type
class JobQuery:
    @strawberry.field(description="The job of that id: the caller's own, or any for administrators.")
    async def job(self, info: Info, id: strawberry.ID) -> Job | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await Job.load(info, id)

    @strawberry.field(description="The caller's jobs, newest first; all for administrators.")
    async def jobs(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        filter: JobFilter | None = None,  # noqa: A002 - the argument's name in the schema
    ) -> JobConnection:
        caller = info.context.require_caller()
        wanted = _wanted(filter or JobFilter(), None if info.context.is_admin else caller)
        place = None if after is None else jobs.decode_cursor(after)
        return JobConnection.of(await info.context.services.jobs.list_jobs(wanted, first, place))

    @strawberry.field(description="The caller's workflow of that id.")
    async def workflow(self, info: Info, id: strawberry.ID) -> Workflow | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        workflow = Workflow(id=id)
        return workflow if await workflow.jobs(info) else None


def _wanted(given: JobFilter, owner: str | None) -> jobs.JobFilter:
    named = {"queue": given.queue, "kind": given.kind, "ownerId": given.owner_id}
    for field, name in named.items():
        if name is not None:
            check_name(field, name)
    return jobs.JobFilter(
        queue=given.queue,
        kind=given.kind,
        state=given.state,
        tenant=owner or given.owner_id,
    )
