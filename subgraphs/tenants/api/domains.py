"""Customers' own domains in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.domain.domains import Domain as DomainOfTenant
from subgraphs.tenants.domain.domains import Standing

strawberry.enum(
    Standing,
    name="TenantDomainState",
    description="PENDING is not served yet; FAILING does not prove itself any more, and is served until it is dropped.",
)


@strawberry.type(
    name="TenantDomain", description="A host of the tenant's own, which it proves by a TXT record."
)
class Domain:
    host: str
    state: Standing
    record_name: str = strawberry.field(description="Where the TXT record is to be; it must stay there.")
    record_value: str
    verified_at: datetime | None
    failing_since: datetime | None
    dropped_at: datetime | None = strawberry.field(
        description="When it is served no more, unless it proves itself again."
    )

    @classmethod
    def of(cls, domain: DomainOfTenant) -> "Domain":
        return cls(
            host=domain.host,
            state=domain.standing,
            record_name=domain.record_name,
            record_value=domain.record_value,
            verified_at=domain.verified_at,
            failing_since=domain.failing_since,
            dropped_at=domain.dropped_at,
        )


DomainResult: TypeAlias = Annotated[
    Domain | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("TenantDomainResult")
]


@strawberry.type
class DomainMutations:
    @strawberry.mutation(
        description="Claim a host, such as api.example.com; it is served once `verifyDomain` has found its TXT record."
    )
    async def add_domain(self, info: Info, tenant_id: strawberry.ID, host: str) -> DomainResult:
        caller = info.context.require_caller()
        try:
            return Domain.of(await info.context.use.domains.add(caller, parse_tenant_id(tenant_id), host))
        except EXPECTED as error:
            return refusal(error)

    @strawberry.mutation(description="Look for the TXT record of a host, and serve it if it is there.")
    async def verify_domain(self, info: Info, tenant_id: strawberry.ID, host: str) -> DomainResult:
        caller = info.context.require_caller()
        try:
            return Domain.of(await info.context.use.domains.verify(caller, parse_tenant_id(tenant_id), host))
        except EXPECTED as error:
            return refusal(error)

    @strawberry.mutation(description="Give a host up, which is served no more; the host.")
    async def remove_domain(self, info: Info, tenant_id: strawberry.ID, host: str) -> str:
        caller = info.context.require_caller()
        await info.context.use.domains.remove(caller, parse_tenant_id(tenant_id), host)
        return host
