"""Queues in the graph: for administrators to see, stop and share out."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.jobs.api.context import FOR_ADMINS, Info
from subgraphs.jobs.domain import queues


@strawberry.type(description="How many jobs of a queue are where, now.")
class QueueStats:
    waiting: int
    held: int
    scheduled: int
    ready: int
    running: int
    dead: int
    oldest_ready_at: datetime | None = strawberry.field(
        description="Since when the first of the READY ones waits."
    )


@strawberry.federation.type(keys=["name"], description="Jobs that the same workers take.")
class Queue:
    name: str

    @strawberry.field(description="Whether workers take none of its jobs.")
    async def is_paused(self, info: Info) -> bool:
        found = await self._load(info)
        return found is not None and found.is_paused

    @strawberry.field(description="For administrators.")
    async def stats(self, info: Info) -> QueueStats | None:
        info.context.require_admin()
        found = await self._load(info)
        names = ("waiting", "held", "scheduled", "ready", "running", "dead", "oldest_ready_at")
        return None if found is None else QueueStats(**{name: getattr(found, name) for name in names})

    async def _load(self, info: Info) -> queues.QueueStats | None:
        if not self.name.isprintable():
            return None
        return await info.context.loaders.queue.load(self.name)

    @classmethod
    def resolve_reference(cls, name: str) -> "Queue":
        return cls(name=name)


PauseQueueResult: TypeAlias = Annotated[Queue | InvalidInput, strawberry.union("PauseQueueResult")]


@strawberry.type
class QueueQuery:
    @strawberry.federation.field(description="All queues.", requires_scopes=FOR_ADMINS)
    async def queues(self, info: Info) -> list[Queue]:
        info.context.require_admin()
        found = await info.context.services.queues.find_queues()
        for name, stats in found.items():
            info.context.loaders.queue.prime(name, stats)
        return [Queue(name=name) for name in found]


@strawberry.type
class QueueMutation:
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
            await info.context.services.queues.weigh(queue, owner_id, weight)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        return Queue(name=queue)


async def _pause(info: Info, name: str, *, is_paused: bool) -> Queue | InvalidInput:
    info.context.require_admin()
    try:
        stats = await info.context.services.queues.pause(name, is_paused=is_paused)
    except InvalidInputError as refusal:
        return InvalidInput(message=refusal.message, field=refusal.field)
    info.context.loaders.queue.prime(name, stats, force=True)
    return Queue(name=name)
