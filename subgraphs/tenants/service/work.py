"""A member at work in a tenant: the choice of a tenant, checked in the transaction in which the work is done."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from common.database import Transaction
from common.errors import ForbiddenError
from common.tenancy import Tenancy
from subgraphs.tenants.domain.plans import Plan
from subgraphs.tenants.domain.tenants import Role, Tenant
from subgraphs.tenants.errors import TenantNotFoundError
from subgraphs.tenants.store import audit, plans, tenants


@dataclass(frozen=True)
class Work:
    """What a use case works with: `transaction` sees nothing but `tenant`, in which the user has `role`."""

    transaction: Transaction
    tenant: Tenant
    user_id: str
    role: Role

    async def note(self, action: str, subject: object, detail: Mapping[str, object] | None = None) -> None:
        """Write down that the user did so, if the transaction commits."""
        await audit.note(
            self.transaction,
            self.tenant.id,
            actor=self.user_id,
            action=action,
            subject=subject,
            detail=detail,
        )

    async def plan(self) -> Plan:
        """What the tenant has bought."""
        found = await plans.find_plan(self.transaction, self.tenant.plan)
        assert found is not None, "a plan that a tenant has is never removed"
        return found

    def idempotency_scope(self, operation: str) -> str:
        """What an idempotency key is unique in: one user's calls of one operation for one tenant."""
        return f"{operation}:{self.tenant.id}:{self.user_id}"


@asynccontextmanager
async def working(
    tenancy: Tenancy,
    user_id: str,
    tenant_id: UUID,
    role: Role = Role.VIEWER,
    *,
    locked: bool = False,
    is_snapshot: bool = False,
) -> AsyncIterator[Work]:
    """Work of the user in the tenant, which needs `role`; `locked` lets one such work follow another, `is_snapshot` sees one moment.

    Raises:
        TenantNotFoundError: the user is no member, whether there is such a tenant or not.
        ForbiddenError: it needs another role.
    """
    async with tenancy.transaction(tenant_id, is_snapshot=is_snapshot) as transaction:
        tenant = await tenants.find_tenant(transaction, locked=locked)
        member = await tenants.find_member(transaction, user_id)
        if tenant is None or member is None:
            raise TenantNotFoundError
        if not member.role.covers(role):
            raise ForbiddenError(f"This needs the role {role} in the tenant")
        yield Work(transaction, tenant, user_id, member.role)
