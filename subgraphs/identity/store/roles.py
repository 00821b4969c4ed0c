"""Roles that were made here, who has which, and the attributes that grants may ask for."""

from collections.abc import Collection, Iterable
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.roles import Grant, Holding, Role
from subgraphs.identity.tables import role, user, user_attribute, user_role


async def roles(transaction: Transaction) -> list[Role]:
    rows = await transaction.execute(sa.select(role).order_by(role.c.name))
    return [Role(row.name, row.description, msgspec.convert(row.grants, tuple[Grant, ...])) for row in rows]


async def put_role(transaction: Transaction, wanted: Role) -> None:
    values = msgspec.to_builtins(wanted)
    changes = {name: values[name] for name in ("description", "grants")}
    statement = insert(role).values(values)
    await transaction.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changes))


async def delete_role(transaction: Transaction, name: str) -> bool:
    """Whether there was one; nobody has it any more."""
    await transaction.execute(sa.delete(user_role).where(user_role.c.role == name))
    return (await transaction.execute(sa.delete(role).where(role.c.name == name))).rowcount > 0


async def holdings(transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Holding]:
    """What each of those users has, by one statement."""
    wanted = sa.bindparam("ids", list(ids), postgresql.ARRAY(sa.Uuid))
    given = sa.select(sa.func.array_agg(user_role.c.role)).where(user_role.c.user_id == user.c.id)
    pairs = sa.func.jsonb_object_agg(user_attribute.c.name, user_attribute.c.value)
    attributes = sa.select(pairs).where(user_attribute.c.user_id == user.c.id)
    statement = sa.select(
        user.c.id, given.scalar_subquery().label("roles"), attributes.scalar_subquery().label("attributes")
    )
    rows = (await transaction.execute(statement.where(user.c.id == sa.any_(wanted)))).mappings()
    return {row["id"]: Holding(frozenset(row["roles"] or ()), row["attributes"] or {}) for row in rows}


async def holders(transaction: Transaction, name: str) -> list[UUID]:
    """Who has the role; nobody else can take it from them before the transaction ends."""
    statement = sa.select(user_role.c.user_id).where(user_role.c.role == name)
    return list(
        (await transaction.execute(statement.order_by(user_role.c.user_id).with_for_update())).scalars()
    )


async def grant(transaction: Transaction, user_id: UUID, name: str, granted_by: UUID | None) -> bool:
    """Whether the user did not have the role before."""
    statement = insert(user_role).values(user_id=user_id, role=name, granted_by=granted_by)
    return (await transaction.execute(statement.on_conflict_do_nothing())).rowcount > 0


async def take(transaction: Transaction, user_id: UUID, name: str) -> bool:
    """Whether the user had the role."""
    statement = sa.delete(user_role).where(user_role.c.user_id == user_id, user_role.c.role == name)
    return (await transaction.execute(statement)).rowcount > 0


async def put_attribute(transaction: Transaction, user_id: UUID, name: str, value: str) -> None:
    statement = insert(user_attribute).values(user_id=user_id, name=name, value=value)
    keys: Iterable[str] = ("user_id", "name")
    await transaction.execute(statement.on_conflict_do_update(index_elements=keys, set_={"value": value}))


async def delete_attribute(transaction: Transaction, user_id: UUID, name: str) -> None:
    await transaction.execute(
        sa.delete(user_attribute).where(user_attribute.c.user_id == user_id, user_attribute.c.name == name)
    )
