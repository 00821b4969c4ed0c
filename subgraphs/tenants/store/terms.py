"""The terms that the transaction's tenant has had, a row a change; none of them ever changes."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.domain.billing import Terms
from subgraphs.tenants.domain.plans import Plan
from subgraphs.tenants.store.plans import fee_columns, with_fees
from subgraphs.tenants.tables import credit, terms

# the database's clock may have gone back, or another transaction's been later: terms begin one after the other, and in no closed month
NEXT = sa.text("""greatest(
    clock_timestamp(),
    (SELECT max(since) + interval '1 microsecond' FROM terms),
    (SELECT (max(month) + interval '1 month') AT TIME ZONE 'UTC' FROM statement)
)""")
_COLUMNS = [column for column in terms.c if column.name != "tenant_id"]


async def add_terms(transaction: Transaction, tenant_id: UUID, plan: Plan) -> None:
    """Let the tenant, which is locked, have the plan from now on as it is now."""
    values = {"plan": plan.name, "included": plan.included, **fee_columns(plan.price, plan.overage)}
    await transaction.execute(sa.insert(terms).values(tenant_id=tenant_id, since=NEXT, **values))


async def all_terms(transaction: Transaction) -> tuple[Terms, ...]:
    """From the first to those that hold now."""
    rows = await transaction.execute(sa.select(*_COLUMNS).order_by(terms.c.since))
    return tuple(Terms(**with_fees(row)) for row in rows)


async def newest_terms(transaction: Transaction, first: int, before: datetime | None = None) -> list[Terms]:
    """The newest, `first` at most, which began before `before`."""
    query = sa.select(*_COLUMNS).order_by(terms.c.since.desc()).limit(first)
    if before is not None:
        query = query.where(terms.c.since < before)
    return [Terms(**with_fees(row)) for row in await transaction.execute(query)]


async def first_since(transaction: Transaction) -> datetime | None:
    """Since when the tenant has had any."""
    since: datetime | None = (await transaction.execute(sa.select(sa.func.min(terms.c.since)))).scalar_one()
    return since


async def bound_currency(transaction: Transaction) -> str | None:
    """The currency in which the tenant may owe or have something; None while there is nothing yet."""
    is_priced = sa.or_(terms.c.price_amount > 0, terms.c.overage_amount > 0)
    priced = sa.select(terms.c.price_currency).where(is_priced)
    query = priced.union(sa.select(credit.c.currency)).limit(1)
    found: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return found
