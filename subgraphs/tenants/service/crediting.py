"""Credits: granted by the platform's administrators, shown to the tenant's, used up by `billing`."""

from uuid import UUID

from common.database import Transaction
from common.failpoints import failpoint
from common.idempotency import once
from common.ids import new_id
from common.inputs import InvalidInputError, check_idempotency_key
from common.tenancy import Tenancy
from subgraphs.tenants.domain.crediting import Credit, NewCredit, check_new_credit
from subgraphs.tenants.domain.tenants import Role, Tenant
from subgraphs.tenants.errors import TenantNotFoundError
from subgraphs.tenants.service.work import working
from subgraphs.tenants.store import audit, crediting, plans, tenants, terms


class Credits:
    """The use cases of credits."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def credits(self, user_id: str, tenant_id: UUID, first: int, before: UUID | None) -> list[Credit]:
        """The newest, granted before the credit `before`. Raises as `working`."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN, is_snapshot=True) as work:
            return await crediting.newest_credits(work.transaction, first, before)

    async def grant(self, actor: str, tenant_id: UUID, new: NewCredit, idempotency_key: str) -> Credit:
        """Let the tenant not pay so much, in the currency in which it is billed.

        Raises:
            TenantNotFoundError, InvalidInputError, IdempotencyMismatch
        """
        check_new_credit(new)
        check_idempotency_key(idempotency_key)
        async with self._tenancy.transaction(tenant_id) as transaction:
            tenant = await tenants.find_tenant(transaction, locked=True)
            if tenant is None:
                raise TenantNotFoundError
            id_ = await once(
                transaction,
                scope=f"grantCredits:{tenant_id}:{actor}",
                key=idempotency_key,
                request=new,
                run=lambda: _grant(transaction, actor, tenant, new),
                result=UUID,
            )
            return await crediting.find_credit(transaction, id_)


async def _grant(transaction: Transaction, actor: str, tenant: Tenant, new: NewCredit) -> UUID:
    id_ = new_id()
    currency = await _currency(transaction, tenant)
    if not await crediting.add_credit(transaction, tenant.id, id_, new, currency=currency, by=actor):
        raise InvalidInputError("expiresAt", "is over already")
    failpoint("credits.grant.after_credit")
    detail = {"amount": new.amount, "currency": currency, "reason": new.reason}
    await audit.note(transaction, tenant.id, actor=actor, action="credits.grant", subject=id_, detail=detail)
    failpoint("credits.grant.before_commit")
    return id_


async def _currency(transaction: Transaction, tenant: Tenant) -> str:
    """That in which the tenant is billed, or will be by what it has bought."""
    bound = await terms.bound_currency(transaction)
    if bound is not None:
        return bound
    plan = await plans.find_plan(transaction, tenant.plan)
    assert plan is not None, "a plan that a tenant has is never removed"
    return plan.price.currency
