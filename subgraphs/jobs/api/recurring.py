"""Recurring jobs in the graph: for administrators to see and to set."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
import strawberry
import strawberry.federation
from strawberry.scalars import JSON

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from common.jobs import InvalidJobError
from subgraphs.jobs.api.asking import UnknownJobKind, request_of_kind
from subgraphs.jobs.api.context import FOR_ADMINS, Info
from subgraphs.jobs.api.enums import CatchUp
from subgraphs.jobs.domain.names import check_name
from subgraphs.jobs.domain.recurring import Recurring
from subgraphs.jobs.errors import UnknownKindError


@strawberry.type(description="A job that is asked for at each tick of a cron expression.")
class RecurringJob:
    name: str
    cron: str
    timezone: str
    catch_up: CatchUp
    next_at: datetime = strawberry.field(description="The tick to come.")

    @classmethod
    def of(cls, recurring: Recurring) -> "RecurringJob":
        return cls(**msgspec.structs.asdict(recurring))


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


RecurJobResult: TypeAlias = Annotated[
    RecurringJob | UnknownJobKind | InvalidInput, strawberry.union("RecurJobResult")
]


@strawberry.type
class RecurringQuery:
    @strawberry.federation.field(description="All recurring jobs.", requires_scopes=FOR_ADMINS)
    async def recurring_jobs(self, info: Info) -> list[RecurringJob]:
        info.context.require_admin()
        return [RecurringJob.of(each) for each in await info.context.services.recurring.list_recurring()]


@strawberry.type
class RecurringMutation:
    @strawberry.federation.mutation(
        description="Ask for a job at each tick of a cron expression, instead of what had the name before.",
        requires_scopes=FOR_ADMINS,
    )
    async def recur_job(self, info: Info, input: RecurJobInput) -> RecurJobResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_admin()
        try:
            recurring = await info.context.services.recurring.recur(
                input.name,
                cron=input.cron,
                timezone=input.timezone,
                catch_up=input.catch_up,
                request=request_of_kind(info, input.kind, input.arguments),
            )
        except (InvalidInputError, InvalidJobError) as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except UnknownKindError as refusal:
            return UnknownJobKind.of(refusal)
        return RecurringJob.of(recurring)

    @strawberry.federation.mutation(
        description="Ask for it no more; whether there was one of the name.", requires_scopes=FOR_ADMINS
    )
    async def stop_recurring_job(self, info: Info, name: str) -> bool:
        info.context.require_admin()
        return await info.context.services.recurring.stop_recurring(check_name("name", name))
