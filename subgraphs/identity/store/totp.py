"""Authenticator apps, their secrets sealed, and the last step whose code each was used for."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.identity.domain.totp import Totp
from subgraphs.identity.tables import totp

_SHOWN = [totp.c[name] for name in Totp.__struct_fields__]


async def apps_of(transaction: Transaction, user_id: UUID) -> list[Totp]:
    """The confirmed ones."""
    statement = sa.select(*_SHOWN).where(totp.c.user_id == user_id, totp.c.confirmed_at.is_not(None))
    rows = await transaction.execute(statement.order_by(totp.c.created_at))
    return [Totp(**row) for row in rows.mappings()]


async def enrol(transaction: Transaction, id_: UUID, user_id: UUID, name: str, sealed: bytes) -> None:
    """Begins with an app; one that was begun with before and never confirmed is forgotten."""
    unconfirmed = sa.and_(totp.c.user_id == user_id, totp.c.confirmed_at.is_(None))
    await transaction.execute(sa.delete(totp).where(unconfirmed))
    values = {"id": id_, "user_id": user_id, "name": name, "sealed_secret": sealed}
    await transaction.execute(sa.insert(totp).values(values))


async def secrets_of(
    transaction: Transaction, user_id: UUID, *, unconfirmed: UUID | None = None
) -> Sequence[tuple[UUID, bytes]]:
    """The id and sealed secret of each confirmed app, or of the one that is to be confirmed."""
    wanted = totp.c.confirmed_at.is_not(None) if unconfirmed is None else _begun(unconfirmed)
    statement = sa.select(totp.c.id, totp.c.sealed_secret).where(totp.c.user_id == user_id, wanted)
    return [(row.id, row.sealed_secret) for row in await transaction.execute(statement)]


async def use(transaction: Transaction, id_: UUID, step: int) -> bool:
    """Whether the step's code was not used before, nor that of a later one; of two at once, one is the first."""
    statement = sa.update(totp).where(totp.c.id == id_, totp.c.last_step < step).values(last_step=step)
    return (await transaction.execute(statement)).rowcount == 1


async def confirm(transaction: Transaction, id_: UUID) -> Totp:
    statement = sa.update(totp).where(totp.c.id == id_).values(confirmed_at=sa.func.now())
    return Totp(**(await transaction.execute(statement.returning(*_SHOWN))).mappings().one())


async def delete(transaction: Transaction, user_id: UUID, id_: UUID) -> bool:
    statement = sa.delete(totp).where(totp.c.user_id == user_id, totp.c.id == id_)
    return (await transaction.execute(statement)).rowcount == 1


def _begun(id_: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(totp.c.id == id_, totp.c.confirmed_at.is_(None))
