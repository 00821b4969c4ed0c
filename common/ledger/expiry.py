"""Pending transfers whose time is over are let go, by the database's clock."""

from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import text

from common.database import Transaction
from common.ledger.transfers import Result, Transfer, create_transfers

# Nothing is locked here: who resolves one locks its accounts first, and the other order would be a circle.
DUE: Final = text("""
    SELECT pending_id FROM ledger_deadline WHERE expires_at <= now() ORDER BY expires_at LIMIT :limit
""")


async def expire_due(transaction: Transaction, limit: int, *, code: str = "EXPIRY") -> list[UUID]:
    """Let go up to `limit` pending transfers whose time is over; the ids of those that no other call was before at."""
    due = list((await transaction.execute(DUE, {"limit": limit})).scalars())
    if not due:
        return []
    results = await create_transfers(
        transaction, [Transfer.expire(uuid5(id_, "expire"), id_, code=code) for id_ in due]
    )
    return [id_ for id_, result in zip(due, results, strict=True) if result is Result.CREATED]
