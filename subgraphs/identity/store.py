"""Identity's SQL, and nothing but: each function is one statement in the caller's transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain import SigningKey, User
from subgraphs.identity.tables import credential, signing_key, user

_KEYS_LOCK = 0x1D_0001


class Credential(Struct, frozen=True):
    """A user and the hash that proves a password to be theirs."""

    user: User
    password_hash: str


async def users_by_id(transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, User]:
    wanted = sa.bindparam("ids", list(ids), postgresql.ARRAY(sa.Uuid))
    rows = (await transaction.execute(sa.select(user).where(user.c.id == sa.any_(wanted)))).mappings()
    return {row["id"]: User(**row) for row in rows}


async def credential_by_email(transaction: Transaction, email: str) -> Credential | None:
    statement = sa.select(user, credential.c.password_hash).join(credential).where(user.c.email == email)
    row = (await transaction.execute(statement)).one_or_none()
    if row is None:
        return None
    return Credential(User(row.id, row.email, row.name, row.created_at), row.password_hash)


async def insert_user(
    transaction: Transaction, email: str, name: str, user_id: UUID | None = None
) -> User | None:
    """The new user; None when the address is taken."""
    values = {"email": email, "name": name} | ({"id": user_id} if user_id else {})
    statement = insert(user).values(values).on_conflict_do_nothing().returning(user)
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return User(**row) if row else None


async def put_password_hash(transaction: Transaction, user_id: UUID, password_hash: str) -> None:
    statement = insert(credential).values(user_id=user_id, password_hash=password_hash)
    changes = {"password_hash": password_hash, "changed_at": sa.func.now()}
    await transaction.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=changes))


async def lock_signing_keys(transaction: Transaction) -> None:
    """Lets one transaction at a time decide about a rotation."""
    await transaction.execute(sa.select(sa.func.pg_advisory_xact_lock(_KEYS_LOCK)))


async def signing_keys(transaction: Transaction) -> list[SigningKey]:
    rows = await transaction.execute(sa.select(signing_key).order_by(signing_key.c.active_from))
    return [SigningKey(**row) for row in rows.mappings()]


async def database_time(transaction: Transaction) -> datetime:
    now: datetime = (await transaction.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return now


async def insert_signing_key(transaction: Transaction, key: SigningKey) -> None:
    await transaction.execute(
        sa.insert(signing_key).values({name: getattr(key, name) for name in key.__struct_fields__})
    )


async def delete_signing_keys(transaction: Transaction, kids: Iterable[str]) -> None:
    await transaction.execute(sa.delete(signing_key).where(signing_key.c.kid.in_(list(kids))))
