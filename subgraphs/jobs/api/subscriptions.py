"""Jobs' subscriptions: what is seen of a job or a queue now, and again whenever it changed."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import RequiresScopes

from common.inputs import parse_id
from subgraphs.jobs.api.context import FOR_ADMINS, Info
from subgraphs.jobs.api.jobs import Job
from subgraphs.jobs.api.queues import Queue
from subgraphs.jobs.domain import jobs
from subgraphs.jobs.domain.jobs import FINAL
from subgraphs.jobs.domain.names import check_name
from subgraphs.jobs.domain.queues import QUEUE


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The job of that id as it is and becomes, until it has ended: the caller's own, or any for administrators."
    )
    async def job_updated(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
    ) -> AsyncGenerator[Job | None, None]:
        info.context.require_caller()
        job_id = parse_id(id)
        job = await _find(info, job_id) if job_id else None
        if job_id is None or job is None or not info.context.may_see(job):
            yield None
            return
        changes = info.context.live.watch(QUEUE, [job.queue], lambda: _find(info, job_id))
        async with aclosing(changes):
            async for now in changes:
                info.context.loaders.forget()
                yield None if now is None else Job.of(now)
                if now is None or now.state in FINAL:
                    return

    @strawberry.subscription(
        description="The queue of that name, whenever its numbers change.",
        directives=[RequiresScopes(scopes=FOR_ADMINS)],
    )
    async def queue_updated(self, info: Info, name: str) -> AsyncGenerator[Queue, None]:
        info.context.require_admin()
        check_name("name", name)
        queues = info.context.services.queues
        changes = info.context.live.watch(QUEUE, [name], lambda: queues.find_queues([name]))
        async with aclosing(changes):
            async for found in changes:
                info.context.loaders.forget()
                info.context.loaders.queue.prime(name, found.get(name))
                yield Queue(name=name)


async def _find(info: Info, job_id: UUID) -> jobs.Job | None:
    return (await info.context.services.jobs.find_jobs([job_id])).get(job_id)
