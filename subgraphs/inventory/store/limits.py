"""Limits a person: columns of `variant`, and what a person has of the variants that have one."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction
from subgraphs.inventory.domain.limits import PurchaseLimit

PUT: Final = text(
    "UPDATE variant SET limit_pieces = :pieces, limit_seconds = :seconds WHERE id = :variant_id"
)
# whoever has the lock counts in its next statement, which sees what others held before
LOCK: Final = text("""
    SELECT sku, id, limit_pieces, limit_seconds,
           pg_advisory_xact_lock(hashtext('inventory buyer'), hashtext(:owner_id))
    FROM variant WHERE sku = ANY(CAST(:skus AS text[])) AND limit_pieces IS NOT NULL
""")
COUNT: Final = text("""
    SELECT sku, sum(quantity)::int AS quantity
    FROM reservation JOIN reservation_line ON reservation_id = reservation.id JOIN variant ON variant.id = variant_id
    WHERE owner_id = :owner_id AND sku = ANY(CAST(:skus AS text[])) AND (
        state IN ('HELD', 'PAYING') AND expires_at > now()
        OR state = 'COMMITTED' AND reservation.created_at > now() - make_interval(secs => limit_seconds)
    ) GROUP BY sku
""")


async def put_limit(transaction: Transaction, variant_id: UUID, limit: PurchaseLimit | None) -> None:
    """Let a person have so many of the variant, or as many as there are."""
    pieces, seconds = (limit.pieces, limit.seconds) if limit else (None, 0)
    await transaction.execute(PUT, {"variant_id": variant_id, "pieces": pieces, "seconds": seconds})


async def lock_limits(
    transaction: Transaction, owner_id: str, skus: Sequence[str]
) -> dict[str, PurchaseLimit]:
    """The limits of those SKUs that have one; if any has, the owner's other reservations of such wait.

    The caller has locked no quota and no level.
    """
    rows = await transaction.execute(LOCK, {"owner_id": owner_id, "skus": list(skus)})
    return {row.sku: PurchaseLimit(row.limit_pieces, row.limit_seconds) for row in rows}


async def count_owned(transaction: Transaction, owner_id: str, skus: Sequence[str]) -> dict[str, int]:
    """What the owner has of each limited SKU that counts against its limit."""
    rows = await transaction.execute(COUNT, {"owner_id": owner_id, "skus": list(skus)})
    return {row.sku: row.quantity for row in rows}
