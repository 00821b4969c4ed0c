"""Passkeys, and the challenges that wait for one."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.passkeys import CHALLENGE_LIFETIME, Ceremony, Passkey
from subgraphs.identity.tables import passkey, passkey_challenge


async def put_challenge(
    transaction: Transaction, challenge_hash: bytes, ceremony: Ceremony, user_id: UUID | None
) -> None:
    """Waits for an answer; those that waited too long are forgotten."""
    await transaction.execute(
        sa.delete(passkey_challenge).where(passkey_challenge.c.expires_at <= sa.func.now())
    )
    values = {"challenge_hash": challenge_hash, "ceremony": ceremony.value, "user_id": user_id}
    statement = sa.insert(passkey_challenge).values(**values, expires_at=sa.func.now() + CHALLENGE_LIFETIME)
    await transaction.execute(statement)


async def take_challenge(
    transaction: Transaction, challenge_hash: bytes, ceremony: Ceremony, user_id: UUID | None
) -> bool:
    """Whether the challenge was made for this, and not answered before."""
    statement = sa.delete(passkey_challenge).where(
        passkey_challenge.c.challenge_hash == challenge_hash,
        passkey_challenge.c.ceremony == ceremony.value,
        passkey_challenge.c.user_id.is_not_distinct_from(user_id),
        passkey_challenge.c.expires_at > sa.func.now(),
    )
    return (await transaction.execute(statement)).rowcount == 1


async def passkeys_of(transaction: Transaction, user_id: UUID) -> list[Passkey]:
    statement = sa.select(passkey).where(passkey.c.user_id == user_id).order_by(passkey.c.created_at)
    return [Passkey(**row) for row in (await transaction.execute(statement)).mappings()]


async def by_credential_id(transaction: Transaction, credential_id: bytes) -> Passkey | None:
    """The passkey, which nobody else uses before the transaction ends."""
    statement = sa.select(passkey).where(passkey.c.credential_id == credential_id).with_for_update()
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return Passkey(**row) if row else None


async def insert_passkey(
    transaction: Transaction,
    *,
    user_id: UUID,
    name: str,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    is_backed_up: bool,
) -> Passkey | None:
    """The new passkey; None when somebody has it already."""
    statement = insert(passkey).values(
        user_id=user_id,
        name=name,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        is_backed_up=is_backed_up,
    )
    row = await transaction.execute(statement.on_conflict_do_nothing().returning(passkey))
    found = row.mappings().one_or_none()
    return Passkey(**found) if found else None


async def used(transaction: Transaction, id_: UUID, sign_count: int, *, is_backed_up: bool) -> None:
    changes = {"sign_count": sign_count, "is_backed_up": is_backed_up, "last_used_at": sa.func.now()}
    await transaction.execute(sa.update(passkey).where(passkey.c.id == id_).values(changes))


async def rename(transaction: Transaction, user_id: UUID, id_: UUID, name: str) -> bool:
    statement = sa.update(passkey).where(passkey.c.user_id == user_id, passkey.c.id == id_)
    return (await transaction.execute(statement.values(name=name))).rowcount == 1


async def delete(transaction: Transaction, user_id: UUID, id_: UUID) -> bool:
    statement = sa.delete(passkey).where(passkey.c.user_id == user_id, passkey.c.id == id_)
    return (await transaction.execute(statement)).rowcount == 1
