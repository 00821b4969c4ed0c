"""The processes that run jobs, for administrators to see and to stop."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Any

import msgspec
import strawberry
import strawberry.federation

from common.inputs import parse_id
from subgraphs.jobs.api.context import FOR_ADMINS, Info
from subgraphs.jobs.domain.workers import WorkerInfo


@strawberry.federation.type(keys=["id"], description="A process that runs jobs; for administrators.")
class Worker:
    id: strawberry.ID
    host: str
    pid: int
    queues: list[str]
    concurrency: int
    running: int = strawberry.field(description="Jobs in its hand.")
    is_draining: bool = strawberry.field(description="It takes no more.")
    started_at: datetime
    beat_at: datetime = strawberry.field(description="When it last said that it lives.")

    @classmethod
    def of(cls, worker: WorkerInfo) -> "Worker":
        values: dict[str, Any] = msgspec.structs.asdict(worker)
        return cls(**values | {"id": strawberry.ID(str(worker.id))})

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Worker | None":  # noqa: A002 - the key field's name
        info.context.require_admin()
        parsed = parse_id(id)
        found = await info.context.loaders.worker.load(parsed) if parsed else None
        return cls.of(found) if found else None


@strawberry.type
class WorkerQuery:
    @strawberry.federation.field(description="The processes that run jobs.", requires_scopes=FOR_ADMINS)
    async def workers(self, info: Info) -> list[Worker]:
        info.context.require_admin()
        return [Worker.of(worker) for worker in (await info.context.services.workers.find_workers()).values()]


@strawberry.type
class WorkerMutation:
    @strawberry.federation.mutation(
        description="Ask a worker to take no more jobs; whether there is one of that id.",
        requires_scopes=FOR_ADMINS,
    )
    async def drain_worker(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        info.context.require_admin()
        parsed = parse_id(id)
        return parsed is not None and await info.context.services.workers.drain_worker(parsed)
