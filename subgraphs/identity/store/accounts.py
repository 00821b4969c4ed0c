"""Users and the hashes that prove them."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.accounts import User
from subgraphs.identity.tables import credential, user


class Credential(Struct, frozen=True):
    """A user and the hash that proves a password to be theirs."""

    user: User
    password_hash: str


async def users_by_id(transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, User]:
    wanted = sa.bindparam("ids", list(ids), postgresql.ARRAY(sa.Uuid))
    rows = (await transaction.execute(sa.select(user).where(user.c.id == sa.any_(wanted)))).mappings()
    return {row["id"]: User(**row) for row in rows}


async def credential_by_email(transaction: Transaction, email: str) -> Credential | None:
    return await _credential(transaction, user.c.email == email)


async def credential_of(transaction: Transaction, user_id: UUID) -> Credential | None:
    return await _credential(transaction, user.c.id == user_id)


async def _credential(transaction: Transaction, wanted: sa.ColumnElement[bool]) -> Credential | None:
    statement = sa.select(user, credential.c.password_hash).join(credential).where(wanted)
    row = (await transaction.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    members = dict(row)
    password_hash = members.pop("password_hash")
    return Credential(User(**members), password_hash)


async def user_by_email(transaction: Transaction, email: str) -> User | None:
    row = (await transaction.execute(sa.select(user).where(user.c.email == email))).mappings().one_or_none()
    return User(**row) if row else None


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
