"""Credits of the transaction's tenant, and what statements have used of them; rows are added and never change."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.domain.crediting import AppliedCredit, Credit, NewCredit
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import credit, credit_use

_used = (
    sa.select(sa.func.coalesce(sa.func.sum(credit_use.c.amount), 0))
    .where(credit_use.c.tenant_id == credit.c.tenant_id, credit_use.c.credit_id == credit.c.id)
    .scalar_subquery()
)
_remaining = sa.cast(credit.c.amount - _used, sa.BigInteger)
_WITH_REMAINING = sa.select(credit, _remaining.label("remaining"))


async def add_credit(
    transaction: Transaction, tenant_id: UUID, id_: UUID, new: NewCredit, *, currency: str, by: str
) -> bool:
    """Whether it was added; not if it would have expired already."""
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "id": id_,
        "amount": new.amount,
        "currency": currency,
        "reason": new.reason,
        "expires_at": new.expires_at,
        "granted_by": by,
    }
    is_over = sa.func.coalesce(credit.c.expires_at <= sa.func.now(), sa.false())
    added = await transaction.execute(sa.insert(credit).values(values).returning(is_over))
    return not added.scalar_one()


async def newest_credits(transaction: Transaction, first: int, before: UUID | None) -> list[Credit]:
    """The newest, `first` at most, granted before the credit `before`."""
    query = _WITH_REMAINING.order_by(credit.c.id.desc()).limit(first)
    if before is not None:
        query = query.where(credit.c.id < before)
    return [read(row, Credit) for row in await transaction.execute(query)]


async def find_credit(transaction: Transaction, id_: UUID) -> Credit:
    """One that exists."""
    return read((await transaction.execute(_WITH_REMAINING.where(credit.c.id == id_))).one(), Credit)


async def credits_left(transaction: Transaction) -> tuple[Credit, ...]:
    """Those of which something remains, expired or not."""
    rows = await transaction.execute(_WITH_REMAINING.where(_remaining > 0))
    return tuple(read(row, Credit) for row in rows)


async def use_credits(
    transaction: Transaction, tenant_id: UUID, month: Month, used: Sequence[AppliedCredit]
) -> None:
    """Let the statement of `month` use them; the tenant is locked."""
    rows = [
        {"tenant_id": tenant_id, "month": month.day, "credit_id": each.credit_id, "amount": each.amount}
        for each in used
    ]
    if rows:
        await transaction.execute(sa.insert(credit_use), rows)
