"""The letters that are to be sent, sealed: a letter has an address and may open an account."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from common.database import Transaction
from subgraphs.identity.domain.mail import LEASE, LIFETIME, MAX_SENDINGS
from subgraphs.identity.tables import mail

_CLAIMED_AT_ONCE = 10


class Claimed(Struct, frozen=True):
    """A letter that this process may send now."""

    id: UUID
    sealed: bytes
    failures: int


async def insert(transaction: Transaction, id_: UUID, sealed: bytes) -> None:
    values = {"id": id_, "sealed": sealed, "expires_at": sa.func.now() + LIFETIME}
    await transaction.execute(sa.insert(mail).values(values))


async def claim(transaction: Transaction) -> Sequence[Claimed]:
    """Some letters that are due; each is counted as sent until the opposite is known."""
    due = (
        sa.select(mail.c.id)
        .where(mail.c.due_at <= sa.func.now(), mail.c.expires_at > sa.func.now())
        .where(mail.c.sendings < MAX_SENDINGS)
        .order_by(mail.c.due_at)
        .limit(_CLAIMED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    changes = {"sendings": mail.c.sendings + 1, "due_at": sa.func.now() + LEASE}
    statement = sa.update(mail).where(mail.c.id.in_(due)).values(changes)
    rows = await transaction.execute(statement.returning(mail.c.id, mail.c.sealed, mail.c.failures))
    return [Claimed(**row) for row in rows.mappings()]


async def postpone(transaction: Transaction, id_: UUID, wait: timedelta) -> None:
    """It was not sent, for certain."""
    changes = {
        "sendings": mail.c.sendings - 1,
        "failures": mail.c.failures + 1,
        "due_at": sa.func.now() + wait,
    }
    await transaction.execute(sa.update(mail).where(mail.c.id == id_).values(changes))


async def delete(transaction: Transaction, id_: UUID) -> None:
    await transaction.execute(sa.delete(mail).where(mail.c.id == id_))


async def prune(transaction: Transaction) -> None:
    """Forgets what nobody will send any more."""
    is_spent = sa.and_(mail.c.sendings >= MAX_SENDINGS, mail.c.due_at <= sa.func.now())
    await transaction.execute(sa.delete(mail).where(sa.or_(mail.c.expires_at <= sa.func.now(), is_spent)))
