"""Limits in the graph: for administrators to see and to set."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import msgspec
import strawberry
import strawberry.federation

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.jobs.api.context import FOR_ADMINS, Info
from subgraphs.jobs.domain import limits


@strawberry.type(description="How many jobs with one key run at once, and how many start a second.")
class Limit:
    key: str
    max_running: int | None
    rate: float | None = strawberry.field(description="Starts a second, on average.")
    burst: int = strawberry.field(description="Starts that may come at once.")

    @classmethod
    def of(cls, limit: limits.Limit) -> "Limit":
        return cls(**msgspec.structs.asdict(limit))


SetLimitResult: TypeAlias = Annotated[Limit | InvalidInput, strawberry.union("SetLimitResult")]


@strawberry.type
class LimitQuery:
    @strawberry.federation.field(description="All limits.", requires_scopes=FOR_ADMINS)
    async def job_limits(self, info: Info) -> list[Limit]:
        info.context.require_admin()
        return [Limit.of(limit) for limit in await info.context.services.limits.list_limits()]


@strawberry.type
class LimitMutation:
    @strawberry.federation.mutation(
        description="Bound how many jobs of a limit's key run at once, or start a second.",
        requires_scopes=FOR_ADMINS,
    )
    async def set_job_limit(
        self, info: Info, key: str, max_running: int | None = None, rate: float | None = None, burst: int = 1
    ) -> SetLimitResult:
        info.context.require_admin()
        limit = limits.Limit(key=key, max_running=max_running, rate=rate, burst=burst)
        try:
            return Limit.of(await info.context.services.limits.set_limit(limit))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
