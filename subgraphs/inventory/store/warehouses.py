"""Warehouses, and what may be sold of their stock."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import structs
from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.warehousing import Policy, Warehouse

LIST: Final = text("SELECT id, name, region, priority FROM warehouse ORDER BY priority, id")
FIND: Final = text("SELECT id, name, region, priority FROM warehouse WHERE id = ANY(CAST(:ids AS text[]))")
PUT: Final = text("""
    INSERT INTO warehouse (id, name, region, priority) VALUES (:id, :name, :region, :priority)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, region = excluded.region, priority = excluded.priority
""")
SET_POLICY: Final = text("""
    UPDATE level SET safety = :safety, backorder_limit = :backorder_limit, low_at = :low_at
    WHERE variant_id = :variant_id AND warehouse_id = :warehouse AND slot = 0 AND available + :backorder_limit >= 0
""")
FIND_LOW: Final = text("SELECT variant_id FROM level WHERE warehouse_id = :warehouse AND is_low LIMIT 1000")
# Once a second over all stock: the few items that have parts are summed apart, and the rest is looked through as it lies.
FIND_CROSSINGS: Final = text("""
    WITH parted AS MATERIALIZED (
        SELECT variant_id, warehouse_id, sum(available - safety + backorder_limit) AS sellable
        FROM level WHERE slot > 0 GROUP BY variant_id, warehouse_id
    ), crossing AS MATERIALIZED (
        SELECT variant_id, warehouse_id FROM level
        WHERE slot = 0 AND is_low <> (available - safety + backorder_limit <= low_at)
    )
    SELECT * FROM crossing WHERE (variant_id, warehouse_id) NOT IN (SELECT variant_id, warehouse_id FROM parted)
    UNION ALL
    SELECT variant_id, warehouse_id FROM level JOIN parted USING (variant_id, warehouse_id)
    WHERE slot = 0 AND is_low <> (available - safety + backorder_limit + sellable <= low_at)
    LIMIT :limit
""")
CROSS: Final = text("""
    WITH whole AS (
        SELECT sum(available - safety + backorder_limit) AS sellable FROM level
        WHERE variant_id = :variant_id AND warehouse_id = :warehouse
    )
    UPDATE level SET is_low = whole.sellable <= low_at FROM whole, variant
    WHERE variant_id = :variant_id AND warehouse_id = :warehouse AND slot = 0 AND variant.id = variant_id
      AND is_low <> (whole.sellable <= low_at)
    RETURNING is_low, sku, greatest(0, whole.sellable)::int AS sellable, low_at
""")


async def list_warehouses(transaction: Transaction) -> list[Warehouse]:
    """In the order in which they are taken from."""
    return [_warehouse(row) for row in await transaction.execute(LIST)]


async def find_warehouses(transaction: Transaction, ids: Sequence[str]) -> dict[str, Warehouse]:
    known = [id_ for id_ in ids if "\0" not in id_]
    return {row.id: _warehouse(row) for row in await transaction.execute(FIND, {"ids": known})}


async def put_warehouse(transaction: Transaction, warehouse: Warehouse) -> None:
    """Add it, or change the one of its id."""
    await transaction.execute(PUT, structs.asdict(warehouse))


async def set_policy(transaction: Transaction, variant_id: UUID, warehouse: str, policy: Policy) -> bool:
    """False when more is sold already than could be backordered then."""
    place = {"variant_id": variant_id, "warehouse": warehouse}
    return bool((await transaction.execute(SET_POLICY, place | structs.asdict(policy))).rowcount)


async def find_low(transaction: Transaction, warehouse: str) -> list[UUID]:
    """The variants whose stock there is low: a thousand at most."""
    known = {"warehouse": warehouse.replace("\0", "")}
    return list((await transaction.execute(FIND_LOW, known)).scalars())


async def find_crossings(transaction: Transaction, limit: int) -> list[tuple[UUID, str]]:
    """Where the stock has become low, or is no more, since anybody looked: variant and warehouse."""
    rows = await transaction.execute(FIND_CROSSINGS, {"limit": limit})
    return [(row.variant_id, row.warehouse_id) for row in rows]


async def cross(transaction: Transaction, variant_id: UUID, warehouse: str) -> tuple[str, int, int] | None:
    """Note how the stock is now. The SKU, what may be sold and the threshold if it has become low by that."""
    parameters = {"variant_id": variant_id, "warehouse": warehouse}
    row = (await transaction.execute(CROSS, parameters)).one_or_none()
    return (row.sku, row.sellable, row.low_at) if row is not None and row.is_low else None


def _warehouse(row: Row[Any]) -> Warehouse:
    return Warehouse(row.id, row.name, row.region, row.priority)
