"""Queries and mutations of tenants themselves."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from subgraphs.tenants.api.context import FOR_ADMINS, Info, parse_tenant_id
from subgraphs.tenants.api.plans import Plan
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.api.types import Tenant
from subgraphs.tenants.errors import TenantNotFoundError
from subgraphs.tenants.service.tenants import NewTenant

TenantResult: TypeAlias = Annotated[
    Tenant | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("TenantResult")
]
SetPlanResult: TypeAlias = Annotated[
    Plan | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("SetPlanResult")
]


@strawberry.input(name="CreateTenantInput")
class CreateTenantInput:
    slug: str = strawberry.field(description="Its name in addresses, for ever.")
    name: str


@strawberry.type
class TenantQueries:
    @strawberry.field(description="The tenant of that id, if the caller is a member of it.")
    async def tenant(self, info: Info, id: strawberry.ID) -> Tenant | None:  # noqa: A002 - the argument's name in the schema
        return await Tenant.resolve_reference(info, id)


@strawberry.type
class TenantMutations:
    @strawberry.mutation(
        description="Make a tenant on the free plan and be its owner; the same key does it once."
    )
    async def create_tenant(
        self,
        info: Info,
        input: CreateTenantInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> TenantResult:
        caller = info.context.require_caller()
        try:
            new = NewTenant(input.slug, input.name)
            return await _mine(info, await info.context.use.tenants.create(caller, new, idempotency_key))
        except EXPECTED as error:
            return refusal(error)

    @strawberry.mutation(description="Call a tenant something else.")
    async def rename_tenant(self, info: Info, id: strawberry.ID, name: str) -> TenantResult:  # noqa: A002 - the argument's name in the schema
        caller = info.context.require_caller()
        try:
            renamed = await info.context.use.tenants.rename(caller, parse_tenant_id(id), name)
        except EXPECTED as error:
            return refusal(error)
        return await _mine(info, renamed.id)

    @strawberry.federation.mutation(
        description="Give a tenant another plan, once it is paid for.", requires_scopes=FOR_ADMINS
    )
    async def set_plan(self, info: Info, tenant_id: strawberry.ID, plan: strawberry.ID) -> SetPlanResult:
        admin = info.context.require_admin()
        try:
            changed = await info.context.use.tenants.set_plan(admin, parse_tenant_id(tenant_id), str(plan))
        except EXPECTED as error:
            return refusal(error)
        found = await info.context.plans.load(changed.plan)
        assert found is not None, "it was there a moment ago, and plans are never removed"
        return Plan.of(found)

    @strawberry.federation.mutation(
        description="Serve nothing of a tenant, or serve it again; its id.", requires_scopes=FOR_ADMINS
    )
    async def suspend_tenant(self, info: Info, id: strawberry.ID, suspended: bool = True) -> strawberry.ID:  # noqa: A002, FBT001, FBT002 - as the schema has it; Strawberry passes it by name
        admin = info.context.require_admin()
        await info.context.use.tenants.suspend(admin, parse_tenant_id(id), suspended=suspended)
        return id


async def _mine(info: Info, id_: UUID) -> Tenant:
    """The tenant as the caller sees it now. Raises TenantNotFoundError if it was let go meanwhile."""
    info.context.acting.clear_all()
    found = await info.context.acting.load(id_)
    if found is None:
        raise TenantNotFoundError
    return Tenant.of(found)
