"""Movements as they were recorded; `store.stock` records them."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.movements import MovementPage, RecordedMovement
from subgraphs.inventory.domain.stock import Bucket, Reason

LOOKED: Final = 10_000
"""Movements that one page looks at: in a warehouse with little of what moves elsewhere it may find few, and goes on behind them."""

LIST: Final = text("""
    WITH looked AS MATERIALIZED (
        SELECT * FROM movement WHERE variant_id = :variant_id AND id < :before ORDER BY id DESC LIMIT :looked
    )
    SELECT found.*, seen.count AS seen, seen.last
    FROM (SELECT count(*) AS count, min(id) AS last FROM looked) AS seen
    LEFT JOIN LATERAL (
        SELECT * FROM looked
        WHERE CAST(:warehouse AS text) IS NULL OR :warehouse IN (source_warehouse, target_warehouse)
        ORDER BY id DESC LIMIT :limit
    ) AS found ON true
    ORDER BY found.id DESC
""")


async def list_movements(
    transaction: Transaction, variant_id: UUID, *, warehouse: str | None, before: int, limit: int
) -> MovementPage:
    """Up to `limit` movements of the variant before the one of the id, into a warehouse, out of it or within it, or in all."""
    parameters = {"variant_id": variant_id, "warehouse": warehouse, "before": before}
    rows = (await transaction.execute(LIST, {**parameters, "limit": limit + 1, "looked": LOOKED})).all()
    found = [_movement(row) for row in rows[:limit] if row.id is not None]
    if len(rows) > limit:
        return MovementPage(found, found[-1].id, has_next=True)
    return MovementPage(found, rows[0].last, has_next=rows[0].seen == LOOKED)


def _movement(row: Row[Any]) -> RecordedMovement:
    return RecordedMovement(
        id=row.id,
        quantity=row.quantity,
        source=Bucket(row.source),
        source_warehouse=row.source_warehouse,
        target=Bucket(row.target),
        target_warehouse=row.target_warehouse,
        reason=Reason(row.reason),
        reference=row.reference,
        at=row.at,
    )
