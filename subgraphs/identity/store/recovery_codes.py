"""Recovery codes, by their hashes; a code that was used is there no more."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.identity.tables import recovery_code


async def replace(transaction: Transaction, user_id: UUID, hashes: Iterable[bytes]) -> None:
    """Has the user have these, and none of those before."""
    await delete_all(transaction, user_id)
    rows = [{"user_id": user_id, "code_hash": each} for each in hashes]
    await transaction.execute(sa.insert(recovery_code), rows)


async def use(transaction: Transaction, user_id: UUID, code_hash: bytes) -> bool:
    """Whether it was one of the user's codes, which it is no more; of two who use it at once, one does."""
    statement = sa.delete(recovery_code).where(
        recovery_code.c.user_id == user_id, recovery_code.c.code_hash == code_hash
    )
    return (await transaction.execute(statement)).rowcount == 1


async def count(transaction: Transaction, user_id: UUID) -> int:
    statement = sa.select(sa.func.count()).where(recovery_code.c.user_id == user_id)
    return int((await transaction.execute(statement)).scalar_one())


async def delete_all(transaction: Transaction, user_id: UUID) -> None:
    await transaction.execute(sa.delete(recovery_code).where(recovery_code.c.user_id == user_id))
