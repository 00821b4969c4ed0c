"""Jobs' mutations."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError, parse_id
from common.jobs import InvalidJobError
from subgraphs.jobs import domain
from subgraphs.jobs.api.asking import (
    EnqueueJobInput,
    RecurJobInput,
    WorkflowStepInput,
    request_of,
    request_of_recurring,
    workflow_of,
)
from subgraphs.jobs.api.context import Info
from subgraphs.jobs.api.queries import FOR_ADMINS
from subgraphs.jobs.api.results import (
    CancelJobResult,
    EnqueueJobResult,
    EnqueueWorkflowResult,
    JobNotFound,
    PauseQueueResult,
    RecurJobResult,
    SetLimitResult,
    UnknownJobKind,
)
from subgraphs.jobs.api.types import Job, Limit, Queue, RecurringJob, Workflow
from subgraphs.jobs.errors import UnknownKindError


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Ask for a job; asking again with the same key does it once.")
    async def enqueue_job(
        self,
        info: Info,
        input: EnqueueJobInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> EnqueueJobResult:
        caller = info.context.require_caller()
        try:
            (id_,) = await info.context.queues.enqueue(
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
            return _unknown(refusal)
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
            ids = await info.context.queues.enqueue(
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
            return _unknown(refusal)
        first = await info.context.loaders.job.load(ids[0])
        if first is None:
            return InvalidInput(
                message="The jobs ended so long ago that they are forgotten", field="idempotencyKey"
            )
        return Workflow(id=strawberry.ID(str(first.workflow_id)))

    @strawberry.mutation(description="Cancel a job that waits, or ask one that runs to end.")
    async def cancel_job(self, info: Info, id: strawberry.ID) -> CancelJobResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        found = await Job.load(info, id)
        if found is None or not await info.context.queues.cancel(found.job.id):
            return JobNotFound(message="You have no such job that has not ended")
        info.context.loaders.job.clear(found.job.id)
        return await Job.load(info, id) or found

    @strawberry.mutation(description="Make an ended job run again as if it were new.")
    async def retry_job(self, info: Info, id: strawberry.ID) -> CancelJobResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        found = await Job.load(info, id)
        if found is None or not await info.context.queues.retry(ids=[found.job.id]):
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
                domain.check_name(field, name)
        return await info.context.queues.retry(queue=queue, kind=kind, tenant=owner_id)

    @strawberry.federation.mutation(
        description="Let workers take none of a queue's jobs.", requires_scopes=FOR_ADMINS
    )
    async def pause_queue(self, info: Info, name: str) -> PauseQueueResult:
        return await _pause(info, name, is_paused=True)

    @strawberry.federation.mutation(
        description="Let workers take a queue's jobs again.", requires_scopes=FOR_ADMINS
    )
    async def resume_queue(self, info: Info, name: str) -> PauseQueueResult:
        return await _pause(info, name, is_paused=False)

    @strawberry.federation.mutation(
        description="Give an owner's next jobs more or less of a queue than others', whose weight is 10.",
        requires_scopes=FOR_ADMINS,
    )
    async def set_tenant_weight(self, info: Info, queue: str, owner_id: str, weight: int) -> PauseQueueResult:
        info.context.require_admin()
        try:
            await info.context.queues.weigh(queue, owner_id, weight)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        return Queue(name=queue)

    @strawberry.federation.mutation(
        description="Bound how many jobs of a limit's key run at once, or start a second.",
        requires_scopes=FOR_ADMINS,
    )
    async def set_job_limit(
        self, info: Info, key: str, max_running: int | None = None, rate: float | None = None, burst: int = 1
    ) -> SetLimitResult:
        info.context.require_admin()
        limit = domain.Limit(key=key, max_running=max_running, rate=rate, burst=burst)
        try:
            return Limit.of(await info.context.queues.set_limit(limit))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)

    @strawberry.federation.mutation(
        description="Ask for a job at each tick of a cron expression, instead of what had the name before.",
        requires_scopes=FOR_ADMINS,
    )
    async def recur_job(self, info: Info, input: RecurJobInput) -> RecurJobResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_admin()
        try:
            recurring = await info.context.queues.recur(
                input.name,
                cron=input.cron,
                timezone=input.timezone,
                catch_up=input.catch_up,
                request=request_of_recurring(info, input),
            )
        except (InvalidInputError, InvalidJobError) as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except UnknownKindError as refusal:
            return _unknown(refusal)
        return RecurringJob.of(recurring)

    @strawberry.federation.mutation(
        description="Ask for it no more; whether there was one of the name.", requires_scopes=FOR_ADMINS
    )
    async def stop_recurring_job(self, info: Info, name: str) -> bool:
        info.context.require_admin()
        return await info.context.queues.stop_recurring(domain.check_name("name", name))

    @strawberry.federation.mutation(
        description="Ask a worker to take no more jobs; whether there is one of that id.",
        requires_scopes=FOR_ADMINS,
    )
    async def drain_worker(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        info.context.require_admin()
        parsed = parse_id(id)
        return parsed is not None and await info.context.queues.drain_worker(parsed)


async def _pause(info: Info, name: str, *, is_paused: bool) -> Queue | InvalidInput:
    info.context.require_admin()
    try:
        stats = await info.context.queues.pause(name, is_paused=is_paused)
    except InvalidInputError as refusal:
        return InvalidInput(message=refusal.message, field=refusal.field)
    info.context.loaders.queue.prime(name, stats, force=True)
    return Queue(name=name)


def _unknown(refusal: UnknownKindError) -> UnknownJobKind:
    return UnknownJobKind(message=refusal.message, kind=str(refusal.extensions["kind"]))
