"""Plans in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from subgraphs.tenants.api.context import FOR_ADMINS, Info
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.domain.plans import Overage, Price
from subgraphs.tenants.domain.plans import Plan as DomainPlan


@strawberry.federation.type(keys=["name"], description="What a tenant can buy.")
class Plan:
    name: strawberry.ID
    title: str
    price: Money = strawberry.field(description="A month's.")
    rate: int = strawberry.field(description="Requests a second, in the long run.")
    burst: int = strawberry.field(description="Requests at once.")
    quota: int = strawberry.field(description="Requests a calendar month, in UTC.")
    included: int = strawberry.field(description="Requests a month that the price pays for.")
    overage_price: Money = strawberry.field(description="For each `overageUnit` requests beyond them.")
    overage_unit: int
    concurrency: int = strawberry.field(description="Requests under way in one process of the gateway.")
    keys: int = strawberry.field(description="The most keys that count at a time.")
    members: int
    routes: int

    @classmethod
    def of(cls, plan: DomainPlan) -> "Plan":
        return cls(
            name=strawberry.ID(plan.name),
            title=plan.title,
            price=Money.of(plan.price),
            rate=plan.rate,
            burst=plan.burst,
            quota=plan.quota,
            included=plan.included,
            overage_price=Money(amount=plan.overage.amount, currency=plan.price.currency),
            overage_unit=plan.overage.unit,
            concurrency=plan.concurrency,
            keys=plan.keys,
            members=plan.members,
            routes=plan.routes,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, name: strawberry.ID) -> "Plan | None":
        found = await info.context.plans.load(str(name))
        return cls.of(found) if found else None


@strawberry.input(name="PlanInput")
class PlanInput:
    name: str
    title: str
    price: int = strawberry.field(description="A month's, in minor units of the currency.")
    currency: str
    rate: int
    burst: int
    quota: int
    concurrency: int
    keys: int
    members: int
    routes: int
    included: int | None = strawberry.field(default=None, description="Without it, all of the quota.")
    overage_price: int = strawberry.field(
        default=0, description="For each `overageUnit` requests beyond them."
    )
    overage_unit: int = 1_000

    def plan(self) -> DomainPlan:
        return DomainPlan(
            name=self.name,
            title=self.title,
            price=Price(self.price, self.currency),
            rate=self.rate,
            burst=self.burst,
            quota=self.quota,
            included=self.quota if self.included is None else self.included,
            overage=Overage(self.overage_price, self.overage_unit),
            concurrency=self.concurrency,
            keys=self.keys,
            members=self.members,
            routes=self.routes,
        )


PlanResult: TypeAlias = Annotated[
    Plan | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("PlanResult")
]


@strawberry.type
class PlanQueries:
    @strawberry.field(description="What can be bought, the cheapest first.")
    async def plans(self, info: Info) -> list[Plan]:
        return [Plan.of(plan) for plan in await info.context.use.tenants.plans()]


@strawberry.type
class PlanMutations:
    @strawberry.federation.mutation(
        description="Write a plan down, new or changed, by its name. Who has it pays as before, until `setPlan` gives it anew.",
        requires_scopes=FOR_ADMINS,
    )
    async def put_plan(self, info: Info, input: PlanInput) -> PlanResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_admin()
        try:
            return Plan.of(await info.context.use.tenants.put_plan(input.plan()))
        except EXPECTED as error:
            return refusal(error)
