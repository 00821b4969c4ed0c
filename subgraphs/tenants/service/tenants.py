"""Tenants themselves: they are made, named, and given a plan."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.idempotency import once
from common.ids import new_id
from common.inputs import InvalidInputError, check_idempotency_key
from common.tenancy import Tenancy
from subgraphs.tenants.domain.plans import FREE, Plan, check_plan
from subgraphs.tenants.domain.tenants import Acting, Role, Tenant, check_name, check_slug
from subgraphs.tenants.errors import CurrencyError, SlugTakenError, TenantNotFoundError
from subgraphs.tenants.service.work import working
from subgraphs.tenants.store import audit, directory, feed, keys, plans, tenants, terms


class NewTenant(Struct, frozen=True):
    """What a tenant is made of."""

    slug: str
    name: str


class Tenants:
    """The use cases of tenants and plans."""

    def __init__(self, database: Database, tenancy: Tenancy) -> None:
        self._database = database
        self._tenancy = tenancy

    async def create(self, user_id: str, new: NewTenant, idempotency_key: str) -> UUID:
        """The id of a new tenant on the free plan whose owner is the user.

        Raises:
            InvalidInputError, SlugTakenError, IdempotencyMismatch
        """
        check_slug(new.slug)
        check_name("name", new.name)
        check_idempotency_key(idempotency_key)
        id_ = new_id()
        async with self._tenancy.transaction(id_) as transaction:

            async def create() -> UUID:
                if not await tenants.add_tenant(transaction, id_, new.slug, new.name, FREE):
                    raise SlugTakenError(f"{new.slug} is taken")
                await terms.add_terms(transaction, id_, await _plan(transaction, FREE))
                await tenants.put_member(transaction, id_, user_id, Role.OWNER)
                await audit.note(transaction, id_, actor=user_id, action="tenant.create", subject=new.slug)
                await feed.tenant_changed(transaction, id_)
                failpoint("tenants.create.before_commit")
                return id_

            return await once(
                transaction,
                scope=f"createTenant:{user_id}",
                key=idempotency_key,
                request=new,
                run=create,
                result=UUID,
            )

    async def acting(self, user_id: str, tenant_ids: Sequence[UUID] | None = None) -> dict[UUID, Acting]:
        """The user in each tenant of which it is a member, of all or of those ids, by name."""
        async with self._database.transaction() as transaction:
            return await directory.acting(transaction, user_id, tenant_ids)

    async def rename(self, user_id: str, tenant_id: UUID, name: str) -> Tenant:
        """Call the tenant something else; its name in addresses stays. Raises as `working`, and InvalidInputError."""
        check_name("name", name)
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            renamed = await tenants.change_tenant(work.transaction, name=name)
            await work.note("tenant.rename", tenant_id, {"from": work.tenant.name, "to": name})
            failpoint("tenants.rename.before_commit")
        return renamed

    async def plans(self) -> list[Plan]:
        """What can be bought, the cheapest first."""
        async with self._tenancy.transaction(None) as transaction:
            return await plans.plans(transaction)

    async def put_plan(self, plan: Plan) -> Plan:
        """Write a plan down, new or changed, by its name. Raises InvalidInputError."""
        check_plan(plan)
        async with self._database.transaction() as transaction:
            await plans.put_plan(transaction, plan)
            await feed.plan_changed(transaction, plan.name)
            failpoint("tenants.put_plan.before_commit")
        return plan

    async def set_plan(self, actor: str, tenant_id: UUID, plan: str) -> Tenant:
        """Give the tenant another plan, which data planes are told of, or the same on its terms of today.

        Raises:
            TenantNotFoundError, InvalidInputError
            CurrencyError: the tenant is billed in another currency.
        """
        async with self._tenancy.transaction(tenant_id) as transaction:
            known = await tenants.find_tenant(transaction, locked=True)
            if known is None:
                raise TenantNotFoundError
            await _agree(transaction, tenant_id, await _plan(transaction, plan))
            failpoint("tenants.set_plan.after_terms")
            changed = await tenants.change_tenant(transaction, plan=plan)
            detail = {"from": known.plan, "to": plan}
            await audit.note(
                transaction, tenant_id, actor=actor, action="plan.set", subject=plan, detail=detail
            )
            await feed.tenant_changed(transaction, tenant_id)
            failpoint("tenants.set_plan.before_commit")
        return changed

    async def suspend(self, actor: str, tenant_id: UUID, *, suspended: bool) -> Tenant:
        """Serve nothing of the tenant any more, and let none of its keys count; or do again. Raises TenantNotFoundError."""
        async with self._tenancy.transaction(tenant_id) as transaction:
            if await tenants.find_tenant(transaction, locked=True) is None:
                raise TenantNotFoundError
            changed = await tenants.suspend_tenant(transaction, suspended=suspended)
            action = "tenant.suspend" if suspended else "tenant.resume"
            await audit.note(transaction, tenant_id, actor=actor, action=action, subject=tenant_id)
            await feed.tenant_changed(transaction, tenant_id)
            await feed.keys_changed(transaction, tenant_id, await keys.hashes(transaction))
            failpoint("tenants.suspend.before_commit")
        return changed

    async def audit(
        self, user_id: str, tenant_id: UUID, first: int, before: UUID | None
    ) -> list[audit.Entry]:
        """What was done in the tenant, the newest first. Raises as `working`."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            return await audit.entries(work.transaction, first, before)


async def _plan(transaction: Transaction, name: str) -> Plan:
    found = await plans.find_plan(transaction, name)
    if found is None:
        raise InvalidInputError("plan", "is none that can be had")
    return found


async def _agree(transaction: Transaction, tenant_id: UUID, plan: Plan) -> None:
    """Let the tenant have the plan as it is now, if those are not its terms already."""
    bound = await terms.bound_currency(transaction)
    if plan.is_priced and bound not in {None, plan.price.currency}:
        raise CurrencyError(f"The tenant is billed in {bound}, and {plan.name} costs {plan.price.currency}")
    current = await terms.newest_terms(transaction, 1)
    if not (current and current[0].is_as(plan)):
        await terms.add_terms(transaction, tenant_id, plan)
