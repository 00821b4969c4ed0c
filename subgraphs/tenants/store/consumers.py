"""Consumers of the transaction's tenant."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.tenants.domain.consumers import Consumer, NewConsumer
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import consumer

_is_here = consumer.c.removed_at.is_(None)


async def put_consumer(transaction: Transaction, tenant_id: UUID, new: NewConsumer) -> Consumer:
    """The consumer of that name of the tenant's, new, or brought back, and called so."""
    statement = insert(consumer).values(tenant_id=tenant_id, external_id=new.external_id, name=new.name)
    changed = statement.on_conflict_do_update(
        index_elements=["tenant_id", "external_id"], set_={"name": new.name, "removed_at": None}
    )
    return read((await transaction.execute(changed.returning(consumer))).one(), Consumer)


async def find_consumer(transaction: Transaction, external_id: str) -> Consumer | None:
    """The one of that name, removed or not."""
    query = sa.select(consumer).where(consumer.c.external_id == external_id)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else read(row, Consumer)


async def consumers(transaction: Transaction, first: int, after: str | None) -> list[Consumer]:
    """By name, `first` at most, those after the name `after`; none that was removed."""
    query = sa.select(consumer).where(_is_here).order_by(consumer.c.external_id).limit(first)
    if after is not None:
        query = query.where(consumer.c.external_id > after)
    return [read(row, Consumer) for row in await transaction.execute(query)]


async def count_consumers(transaction: Transaction) -> int:
    """How many there are, without those that were removed."""
    query = sa.select(sa.func.count()).select_from(consumer).where(_is_here)
    number: int = (await transaction.execute(query)).scalar_one()
    return number


async def remove_consumer(transaction: Transaction, id_: UUID) -> Consumer | None:
    """The consumer, which is removed from now on; None if it was before, or never was."""
    statement = sa.update(consumer).where(consumer.c.id == id_, _is_here).values(removed_at=sa.func.now())
    row = (await transaction.execute(statement.returning(consumer))).one_or_none()
    return None if row is None else read(row, Consumer)
