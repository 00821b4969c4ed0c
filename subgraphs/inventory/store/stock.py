"""Levels and movements: the only place where pieces are moved.

`record` writes movements and changes the levels by their sums in the same statement, so that a level is always the sum of
its movements. CHECK constraints stand behind it: a mistake elsewhere is an error and not an oversell.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, PlaceLevel, StockLevel, VariantLevel

_LAPSED: Final = {"available": "quantity", "held": "-quantity"}
_BUCKETS: Final = [bucket.value.lower() for bucket in Bucket if bucket is not Bucket.OUTSIDE]

DUE: Final = "state IN ('HELD', 'PAYING') AND expires_at <= now()"
"""Of a reservation: its time is over and nobody has ended it yet."""

CHANGED: Final = "stock"
"""The topic of `common.live` by which who watches a variant's stock is told."""

RECORD: Final = text(f"""
    WITH entry AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:variants AS uuid[]), CAST(:quantities AS integer[]),
            CAST(:sources AS text[]), CAST(:source_warehouses AS text[]), CAST(:source_slots AS smallint[]),
            CAST(:targets AS text[]), CAST(:target_warehouses AS text[]), CAST(:target_slots AS smallint[]),
            CAST(:reasons AS text[]), CAST(:references AS uuid[])
        ) AS entry (
            variant_id, quantity, source, source_warehouse, source_slot,
            target, target_warehouse, target_slot, reason, reference
        )
    ), leg AS (
        SELECT variant_id, source_warehouse AS warehouse_id, source_slot AS slot, source AS bucket, -quantity AS n
        FROM entry
        UNION ALL SELECT variant_id, target_warehouse, target_slot, target, quantity FROM entry
    ), change AS (
        SELECT variant_id, warehouse_id, slot,
            {", ".join(f"coalesce(sum(n) FILTER (WHERE bucket = '{name.upper()}'), 0)::int AS {name}" for name in _BUCKETS)}
        FROM leg WHERE bucket <> 'OUTSIDE' GROUP BY variant_id, warehouse_id, slot
    ), counted AS (
        UPDATE level SET {", ".join(f"{name} = level.{name} + change.{name}" for name in _BUCKETS)}
        FROM change WHERE (level.variant_id, level.warehouse_id, level.slot)
            = (change.variant_id, change.warehouse_id, change.slot)
        RETURNING 1
    ), written AS (
        INSERT INTO movement (
            variant_id, quantity, source, source_warehouse, source_slot,
            target, target_warehouse, target_slot, reason, reference
        ) SELECT * FROM entry
    )
    SELECT (SELECT count(*) FROM change) = (SELECT count(*) FROM counted)
""")  # noqa: S608 - only the names of buckets
ADD_LEVELS: Final = text("""
    INSERT INTO level (variant_id, warehouse_id, slot)
    SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:warehouses AS text[]), CAST(:slots AS smallint[]))
    ON CONFLICT DO NOTHING
""")
_SELLABLE: Final = """
    SELECT variant_id, warehouse_id, slot, priority,
           greatest(0, available - safety + backorder_limit) AS sellable
    FROM level JOIN warehouse ON warehouse.id = warehouse_id
"""
_ORDER: Final = "ORDER BY slot > 0, variant_id, warehouse_id, slot FOR NO KEY UPDATE OF level"
LOCK_WHOLE: Final = text(f"""
    SELECT 1 FROM level
    WHERE slot = 0 AND (variant_id = ANY(CAST(:variants AS uuid[]))
        OR (variant_id, warehouse_id) IN (
            SELECT variant_id, warehouse_id FROM allocation WHERE reservation_id = ANY(CAST(:reservations AS uuid[]))
        )) {_ORDER}
""")  # noqa: S608 - constants
LOCK_PARTS: Final = text(f"""
    SELECT 1 FROM level
    WHERE slot > 0 AND (variant_id = ANY(CAST(:variants AS uuid[]))
        OR (variant_id, warehouse_id, slot) IN (
            SELECT variant_id, warehouse_id, slot FROM allocation
            WHERE reservation_id = ANY(CAST(:reservations AS uuid[]))
        )) {_ORDER}
""")  # noqa: S608 - constants
LOCK_OF: Final = text(f"""
    SELECT 1 FROM level
    WHERE (variant_id, warehouse_id, slot) IN (
        SELECT variant_id, warehouse_id, slot FROM allocation WHERE reservation_id = ANY(CAST(:reservations AS uuid[]))
    ) {_ORDER}
""")  # noqa: S608 - constants
READ_PLACES_COUNTS: Final = text("""
    SELECT level.* FROM level JOIN (
        SELECT DISTINCT * FROM unnest(CAST(:variants AS uuid[]), CAST(:warehouses AS text[])) AS asked (variant_id, warehouse_id)
    ) asked USING (variant_id, warehouse_id) ORDER BY slot
""")
COUNT_PIECES: Final = text("""
    SELECT variant_id, sum(available::bigint + held + committed + unavailable + in_transit + incoming)::bigint AS pieces
    FROM level WHERE variant_id = ANY(CAST(:variants AS uuid[])) GROUP BY variant_id
""")
READ_COUNTS: Final = text("""
    SELECT * FROM level WHERE variant_id = ANY(CAST(:variants AS uuid[])) AND warehouse_id = :warehouse ORDER BY slot
""")
READ_PLACES: Final = text(f"{_SELLABLE} WHERE variant_id = ANY(CAST(:variants AS uuid[]))")
_NAMES: Final = StockLevel.__struct_fields__
FIND_LEVELS: Final = text(f"""
    WITH asked AS (
        SELECT id FROM variant
        WHERE id = ANY(CAST(:variants AS uuid[])) OR product_id = ANY(CAST(:products AS uuid[]))
    ), lapsed AS (
        SELECT variant_id, warehouse_id, sum(quantity)::int AS quantity
        FROM reservation JOIN allocation ON reservation_id = reservation.id
        WHERE {DUE} GROUP BY variant_id, warehouse_id
    ), place AS (
        SELECT variant_id, warehouse_id, {", ".join(f"sum({name})::int AS {name}" for name in _NAMES)} FROM (
            SELECT variant_id, warehouse_id, {", ".join(f"{name}" for name in _NAMES)} FROM level
            UNION ALL SELECT variant_id, warehouse_id, {", ".join(_LAPSED.get(name, "0") for name in _NAMES)} FROM lapsed
        ) counts
        WHERE variant_id IN (SELECT id FROM asked UNION SELECT part_id FROM asked JOIN bundle_part ON bundle_id = id)
        GROUP BY variant_id, warehouse_id
    ), bundled AS (
        SELECT bundle_id AS variant_id, warehouse_id,
               min(greatest(0, available - safety + backorder_limit) / bundle_part.quantity) AS available
        FROM asked JOIN bundle_part ON bundle_id = id JOIN place ON variant_id = part_id
        GROUP BY bundle_id, warehouse_id
        HAVING count(*) = (SELECT count(*) FROM bundle_part whole WHERE whole.bundle_id = bundle_part.bundle_id)
    ), found AS (
        SELECT variant_id, warehouse_id, {", ".join(_NAMES)} FROM place WHERE variant_id IN (SELECT id FROM asked)
        UNION ALL
        SELECT variant_id, warehouse_id, {", ".join(name if name == "available" else "0" for name in _NAMES)} FROM bundled
    )
    SELECT product_id, sku, region, found.*
    FROM found JOIN variant ON variant.id = variant_id JOIN warehouse ON warehouse.id = warehouse_id
    ORDER BY priority, warehouse_id
""")  # noqa: S608 - only the names of columns


async def record(transaction: Transaction, movements: Sequence[Movement]) -> None:
    """Move pieces. The caller has locked the levels, in their order, or changes one alone.

    Raises:
        DBAPIError: there are too few pieces in a bucket, which the caller was to make sure of.
    """
    is_whole = (await transaction.execute(RECORD, _columns(movements))).scalar_one()
    assert is_whole, "pieces can only move between places that have a level"
    for variant_id in {movement.place.variant_id for movement in movements}:
        transaction.changed(CHANGED, str(variant_id))


async def add_levels(transaction: Transaction, places: Iterable[Place]) -> None:
    """Let pieces of the variants be at the places, where they may not yet; the caller has no level locked."""
    ordered = sorted(places)
    columns = {
        "variants": [place.variant_id for place in ordered],
        "warehouses": [place.warehouse for place in ordered],
        "slots": [place.slot for place in ordered],
    }
    await transaction.execute(ADD_LEVELS, columns)


async def lock_variants(
    transaction: Transaction, variant_ids: Sequence[UUID], reservation_ids: Sequence[UUID] = ()
) -> None:
    """Let nobody else change all levels of the variants, and those that the reservations have pieces of.

    The parts come in a statement of their own: it sees those that were made until the whole was locked.
    """
    parameters = {"variants": list(variant_ids), "reservations": list(reservation_ids)}
    await transaction.execute(LOCK_WHOLE, parameters)
    await transaction.execute(LOCK_PARTS, parameters)


async def lock_reserved(transaction: Transaction, reservation_ids: Sequence[UUID]) -> None:
    """Let nobody else change the levels that the reservations have pieces of."""
    await transaction.execute(LOCK_OF, {"reservations": list(reservation_ids)})


async def read_places(transaction: Transaction, variant_ids: Sequence[UUID]) -> list[PlaceLevel]:
    """What each place of the variants has left to sell, not counting what lapsed holds have."""
    rows = await transaction.execute(READ_PLACES, {"variants": list(variant_ids)})
    return [
        PlaceLevel(Place.of(row.variant_id, row.warehouse_id, row.slot), row.priority, row.sellable)
        for row in rows
    ]


async def read_counts(
    transaction: Transaction, variant_ids: Sequence[UUID], warehouse: str
) -> list[tuple[Place, StockLevel]]:
    """What each place of the variants in the warehouse has, as it is stored."""
    rows = await transaction.execute(READ_COUNTS, {"variants": list(variant_ids), "warehouse": warehouse})
    return [(Place.of(row.variant_id, row.warehouse_id, row.slot), _level(row)) for row in rows]


async def read_counts_at(transaction: Transaction, places: Sequence[Place]) -> list[tuple[Place, StockLevel]]:
    """What each place has, with its parts, as it is stored."""
    columns = {
        "variants": [place.variant_id for place in places],
        "warehouses": [place.warehouse for place in places],
    }
    rows = await transaction.execute(READ_PLACES_COUNTS, columns)
    return [(Place.of(row.variant_id, row.warehouse_id, row.slot), _level(row)) for row in rows]


async def count_pieces(transaction: Transaction, variant_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many there are of each variant in all buckets and places."""
    rows = await transaction.execute(COUNT_PIECES, {"variants": list(variant_ids)})
    return {row.variant_id: row.pieces for row in rows}


async def find_levels(
    transaction: Transaction, *, variant_ids: Sequence[UUID] = (), product_ids: Sequence[UUID] = ()
) -> list[VariantLevel]:
    """The stock in each warehouse; pieces whose hold has run out count as available.

    Of a bundle, `available` is how many can be made of what is in the warehouse.
    """
    rows = await transaction.execute(
        FIND_LEVELS, {"variants": list(variant_ids), "products": list(product_ids)}
    )
    return [
        VariantLevel(
            product_id=row.product_id,
            variant_id=row.variant_id,
            sku=row.sku,
            warehouse=row.warehouse_id,
            region=row.region,
            level=_level(row),
        )
        for row in rows
    ]


def _level(row: Row[Any]) -> StockLevel:
    counts = {name: getattr(row, name) for name in StockLevel.__struct_fields__}
    return StockLevel(**counts)


def _columns(movements: Sequence[Movement]) -> dict[str, list[Any]]:
    ends = [(movement, movement.to or movement.place) for movement in movements]
    return {
        "variants": [movement.place.variant_id for movement, _ in ends],
        "quantities": [movement.quantity for movement, _ in ends],
        "sources": [movement.source.value for movement, _ in ends],
        "source_warehouses": [movement.place.warehouse for movement, _ in ends],
        "source_slots": [movement.place.slot for movement, _ in ends],
        "targets": [movement.target.value for movement, _ in ends],
        "target_warehouses": [to.warehouse for _, to in ends],
        "target_slots": [to.slot for _, to in ends],
        "reasons": [movement.reason.value for movement, _ in ends],
        "references": [movement.reference for movement, _ in ends],
    }
