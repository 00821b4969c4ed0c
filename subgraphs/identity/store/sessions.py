"""Browser sessions and pending sign-ins; the database's clock decides which of them still are."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from common.database import Transaction
from subgraphs.identity.domain.sessions import (
    PENDING_ATTEMPTS,
    PENDING_LIFETIME,
    SEEN_PRECISION,
    SESSION_IDLE,
    SESSION_LIFETIME,
    PendingSignIn,
    Session,
)
from subgraphs.identity.provider_tables import pending_sign_in, session, token_family

_NOW = sa.func.now()
_AGE = (_NOW - session.c.authenticated_at).label("age")
_SHOWN = [_AGE if name == "age" else session.c[name] for name in Session.__struct_fields__]
_LIVE = (session.c.expires_at > _NOW) & (session.c.last_seen_at > _NOW - SESSION_IDLE)


async def insert_session(
    transaction: Transaction, user_id: UUID, token_hash: bytes, amr: Collection[str], user_agent: str
) -> Session:
    values = {"user_id": user_id, "token_hash": token_hash, "amr": list(amr), "user_agent": user_agent}
    statement = sa.insert(session).values(**values, expires_at=_NOW + SESSION_LIFETIME).returning(*_SHOWN)
    return Session(**(await transaction.execute(statement)).mappings().one())


async def renew_session(
    transaction: Transaction, id_: UUID, token_hash: bytes, amr: Collection[str]
) -> Session:
    """The session after another sign-in of the same user, with another token."""
    changes = {"token_hash": token_hash, "amr": list(amr), "authenticated_at": _NOW, "last_seen_at": _NOW}
    statement = sa.update(session).where(session.c.id == id_)
    statement = statement.values(**changes, expires_at=_NOW + SESSION_LIFETIME)
    return Session(**(await transaction.execute(statement.returning(*_SHOWN))).mappings().one())


async def session_by_token(transaction: Transaction, token_hash: bytes) -> Session | None:
    statement = sa.select(*_SHOWN).where(session.c.token_hash == token_hash, _LIVE)
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return Session(**row) if row else None


async def sessions_by_id(transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Session]:
    wanted = session.c.id == sa.any_(sa.bindparam("ids", list(ids), postgresql.ARRAY(sa.Uuid)))
    rows = (await transaction.execute(sa.select(*_SHOWN).where(wanted, _LIVE))).mappings()
    return {row["id"]: Session(**row) for row in rows}


async def sessions_of(
    transaction: Transaction, user_ids: Collection[UUID], first: int
) -> dict[UUID, list[Session]]:
    """The live sessions of each user, the one seen last first, at most `first` of each."""
    order = session.c.last_seen_at.desc()
    place = sa.func.row_number().over(partition_by=session.c.user_id, order_by=order).label("place")
    wanted = session.c.user_id == sa.any_(sa.bindparam("users", list(user_ids), postgresql.ARRAY(sa.Uuid)))
    numbered = sa.select(*_SHOWN, place).where(wanted, _LIVE).subquery()
    statement = sa.select(numbered).where(numbered.c.place <= first).order_by(numbered.c.place)
    found: dict[UUID, list[Session]] = {user_id: [] for user_id in user_ids}
    for row in (await transaction.execute(statement)).mappings():
        values = {name: row[name] for name in Session.__struct_fields__}
        found[row["user_id"]].append(Session(**values))
    return found


async def touch_session(transaction: Transaction, id_: UUID) -> None:
    is_old = session.c.last_seen_at < _NOW - SEEN_PRECISION
    await transaction.execute(sa.update(session).where(session.c.id == id_, is_old).values(last_seen_at=_NOW))


async def delete_session(transaction: Transaction, id_: UUID) -> None:
    await transaction.execute(sa.delete(session).where(session.c.id == id_))


async def delete_sessions_of(transaction: Transaction, user_id: UUID) -> int:
    """All of the user's, with what outlives a session: sign-ins that wait, and what was granted for good. How many sessions."""
    for table in (pending_sign_in, token_family):
        await transaction.execute(sa.delete(table).where(table.c.user_id == user_id))
    return (await transaction.execute(sa.delete(session).where(session.c.user_id == user_id))).rowcount


async def insert_pending(transaction: Transaction, token_hash: bytes, pending: PendingSignIn) -> None:
    values = {name: getattr(pending, name) for name in pending.__struct_fields__}
    await transaction.execute(
        sa.insert(pending_sign_in).values(**values, token_hash=token_hash, expires_at=_NOW + PENDING_LIFETIME)
    )


async def pending_by_token(transaction: Transaction, token_hash: bytes) -> PendingSignIn | None:
    statement = sa.select(*_pending_columns()).where(*_is_pending(token_hash))
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return PendingSignIn(**row) if row else None


async def take_pending(transaction: Transaction, token_hash: bytes) -> PendingSignIn | None:
    """The pending sign-in, which is none after that: of two who take it at once, one gets it."""
    statement = sa.delete(pending_sign_in).where(*_is_pending(token_hash)).returning(*_pending_columns())
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return PendingSignIn(**row) if row else None


async def count_attempt(transaction: Transaction, token_hash: bytes) -> bool:
    """Count an attempt at the second factor; whether it may be made."""
    attempts = pending_sign_in.c.attempts
    statement = sa.update(pending_sign_in).where(*_is_pending(token_hash), attempts < PENDING_ATTEMPTS)
    return (await transaction.execute(statement.values(attempts=attempts + 1))).rowcount == 1


async def delete_expired(transaction: Transaction) -> None:
    await transaction.execute(sa.delete(session).where(~_LIVE))
    await transaction.execute(sa.delete(pending_sign_in).where(pending_sign_in.c.expires_at <= _NOW))


def _pending_columns() -> list[sa.Column[object]]:
    return [pending_sign_in.c[name] for name in PendingSignIn.__struct_fields__]


def _is_pending(token_hash: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return pending_sign_in.c.token_hash == token_hash, pending_sign_in.c.expires_at > _NOW
