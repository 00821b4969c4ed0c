"""Hot items: their pieces are split into parts, rows of `level` of their own, so that each buyer takes one that is free."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction
from subgraphs.inventory.domain.hot import shares
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason
from subgraphs.inventory.store.stock import add_levels, lock_variants, record

LIST: Final = text("""
    SELECT id, sku, bool_or(available - safety >= parts) AS is_uneven, (
        SELECT at < now() - CAST(:idle AS interval) FROM movement WHERE variant_id = variant.id ORDER BY id DESC LIMIT 1
    ) AS is_idle
    FROM level JOIN variant ON variant.id = variant_id WHERE parts > 0 GROUP BY variant.id
""")
PLACES: Final = text("SELECT warehouse_id FROM level WHERE variant_id = :variant_id AND slot = 0")
READ: Final = text("""
    SELECT warehouse_id, slot, available - safety AS spare FROM level WHERE variant_id = :variant_id
""")
SET_PARTS: Final = text("UPDATE level SET parts = :parts WHERE variant_id = :variant_id AND slot = 0")


async def list_hot(transaction: Transaction, idle: timedelta) -> list[tuple[UUID, str, bool, bool]]:
    """Of each hot item the id and the SKU, whether it has got pieces to split, and whether nothing has moved for `idle`."""
    rows = await transaction.execute(LIST, {"idle": idle})
    return [(row.id, row.sku, row.is_uneven, bool(row.is_idle)) for row in rows]


async def split(transaction: Transaction, variant_id: UUID, parts: int) -> None:
    """Split what is available beyond the safety stock in each warehouse; what is split already stays so."""
    found = list((await transaction.execute(PLACES, {"variant_id": variant_id})).scalars())
    rows = [Place.of(variant_id, warehouse, slot) for warehouse in found for slot in range(1, parts + 1)]
    await add_levels(transaction, rows)
    await lock_variants(transaction, [variant_id])
    spare = [(place, pieces) for place, pieces in await _read(transaction, variant_id) if place.slot == 0]
    movements = [
        _regroup(whole, Place.of(variant_id, whole.warehouse, slot), share)
        for whole, pieces in spare
        if whole.warehouse in found
        for slot, share in enumerate(shares(max(0, pieces), parts), 1)
        if share
    ]
    await _finish(transaction, variant_id, movements, parts)


async def join(transaction: Transaction, variant_id: UUID) -> None:
    """Put what is available in the parts together again; what is held there comes back there."""
    await lock_variants(transaction, [variant_id])
    movements = [
        _regroup(place, Place.of(variant_id, place.warehouse), pieces)
        for place, pieces in await _read(transaction, variant_id)
        if place.slot and pieces
    ]
    await _finish(transaction, variant_id, movements, 0)


async def _read(transaction: Transaction, variant_id: UUID) -> list[tuple[Place, int]]:
    rows = await transaction.execute(READ, {"variant_id": variant_id})
    return [(Place.of(variant_id, row.warehouse_id, row.slot), row.spare) for row in rows]


async def _finish(
    transaction: Transaction, variant_id: UUID, movements: Sequence[Movement], parts: int
) -> None:
    if movements:
        await record(transaction, movements)
    await transaction.execute(SET_PARTS, {"variant_id": variant_id, "parts": parts})


def _regroup(source: Place, target: Place, pieces: int) -> Movement:
    return Movement(
        place=source,
        source=Bucket.AVAILABLE,
        target=Bucket.AVAILABLE,
        quantity=pieces,
        reason=Reason.SPLIT,
        to=target,
    )
