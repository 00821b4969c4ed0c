"""All second factors of a user at once; each kind has a module of its own."""

from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.identity.tables import passkey, recovery_code, totp


async def delete_all(transaction: Transaction, user_id: UUID) -> None:
    for table in (totp, recovery_code, passkey):
        await transaction.execute(sa.delete(table).where(table.c.user_id == user_id))
