"""Reservations: taken whole or not at all, ended once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, TextClause, text

from common.database import Transaction
from subgraphs.inventory.domain.allocation import Allocation
from subgraphs.inventory.domain.catalogue import Money
from subgraphs.inventory.domain.reservations import Line, Reservation, ReservationState
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason
from subgraphs.inventory.store.stock import CHANGED, DUE, record

_SEEN: Final = f"""
    SELECT reservation.id, shipped_at, owner_id, total_amount, reservation.currency, expires_at, reservation.created_at, checkout_id,
           CASE WHEN {DUE} THEN 'EXPIRED' ELSE state END AS state, lines.facts AS lines
    FROM reservation, LATERAL (
        SELECT json_agg(json_build_array(variant_id, sku, quantity, unit_amount) ORDER BY number) AS facts
        FROM reservation_line JOIN variant ON variant.id = variant_id WHERE reservation_id = reservation.id
    ) lines
"""  # noqa: S608 - a constant
FIND: Final = text(f"{_SEEN} WHERE reservation.id = ANY(CAST(:ids AS uuid[]))")
LIST: Final = text(f"""
    SELECT newest.* FROM unnest(CAST(:owner_ids AS text[])) AS owner (id), LATERAL (
        {_SEEN} WHERE owner_id = owner.id ORDER BY reservation.id DESC LIMIT :limit
    ) newest
""")  # noqa: S608 - a constant
_TAKE: Final = """
    WITH place AS MATERIALIZED (
        SELECT variant_id, warehouse_id, slot, price_amount, currency
        FROM variant JOIN level ON variant_id = variant.id JOIN warehouse ON warehouse.id = warehouse_id
        WHERE sku = :sku AND available - safety + backorder_limit >= :quantity
        {which}
    ), counted AS (
        UPDATE level SET available = available - :quantity, held = held + :quantity FROM place
        WHERE (level.variant_id, level.warehouse_id, level.slot)
            = (place.variant_id, place.warehouse_id, place.slot)
    ), made AS (
        INSERT INTO reservation (owner_id, total_amount, currency, expires_at)
        SELECT :owner_id, price_amount * :quantity, currency, now() + :hold FROM place RETURNING id
    ), lined AS (
        INSERT INTO reservation_line (reservation_id, number, variant_id, quantity, unit_amount)
        SELECT made.id, 1, variant_id, :quantity, price_amount FROM made, place
    ), allocated AS (
        INSERT INTO allocation (reservation_id, variant_id, warehouse_id, slot, quantity)
        SELECT made.id, variant_id, warehouse_id, slot, :quantity FROM made, place
    ), moved AS (
        INSERT INTO movement (
            variant_id, quantity, source, source_warehouse, source_slot,
            target, target_warehouse, target_slot, reason, reference
        )
        SELECT variant_id, :quantity, 'AVAILABLE', warehouse_id, slot, 'HELD', warehouse_id, slot, 'RESERVED', made.id
        FROM made, place
    )
    SELECT made.id, variant_id, extract(epoch FROM clock_timestamp() - statement_timestamp()) AS waited
    FROM made, place
"""
TAKE_ONE: Final = text(
    _TAKE.format(which="ORDER BY priority, warehouse_id, slot LIMIT 1 FOR NO KEY UPDATE OF level")
)
TAKE_PART: Final = text(
    _TAKE.format(
        which="AND slot > 0 ORDER BY priority, random() LIMIT 1 FOR NO KEY UPDATE OF level SKIP LOCKED"
    )
)
MAKE: Final = text("""
    WITH made AS (
        INSERT INTO reservation (owner_id, total_amount, currency, expires_at)
        VALUES (:owner_id, :total, :currency, now() + :hold) RETURNING id
    ), lined AS (
        INSERT INTO reservation_line (reservation_id, number, variant_id, quantity, unit_amount)
        SELECT made.id, number, variant_id, quantity, unit_amount FROM made, unnest(
            CAST(:line_variants AS uuid[]), CAST(:line_quantities AS integer[]), CAST(:unit_amounts AS integer[])
        ) WITH ORDINALITY AS line (variant_id, quantity, unit_amount, number)
    ), allocated AS (
        INSERT INTO allocation (reservation_id, variant_id, warehouse_id, slot, quantity)
        SELECT made.id, part.* FROM made, unnest(
            CAST(:variants AS uuid[]), CAST(:warehouses AS text[]),
            CAST(:slots AS smallint[]), CAST(:quantities AS integer[])
        ) AS part
    )
    SELECT id FROM made
""")
FIND_DUE: Final = text(f"""
    SELECT id FROM reservation WHERE {DUE} AND (
        CAST(:variants AS uuid[]) IS NULL OR EXISTS (
            SELECT FROM allocation
            WHERE reservation_id = reservation.id AND variant_id = ANY(CAST(:variants AS uuid[]))
        )
    ) ORDER BY expires_at LIMIT :limit
""")  # noqa: S608 - a constant
PAY: Final = text("""
    UPDATE reservation SET state = 'PAYING', checkout_id = :checkout_id, expires_at = :expires_at
    WHERE id = :id AND owner_id = :payer_id AND expires_at > now() AND :expires_at > now()
      AND (state = 'HELD' OR state = 'PAYING' AND checkout_id = :checkout_id)
""")
END: Final = text("""
    WITH ended AS (
        UPDATE reservation SET state = :state, ended_at = now()
        WHERE id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:was AS text[]))
          AND (CAST(:checkout_id AS uuid) IS NULL OR checkout_id = :checkout_id)
          AND (state = 'COMMITTED' OR (expires_at <= now()) = :is_due)
        RETURNING id, old.state AS was, shipped_at IS NOT NULL AS is_shipped
    )
    SELECT id, was, is_shipped, variant_id, warehouse_id, slot, quantity
    FROM ended JOIN allocation ON reservation_id = ended.id
""")
SHIP: Final = text("""
    WITH shipped AS (
        UPDATE reservation SET shipped_at = now()
        WHERE id = :id AND state = 'COMMITTED' AND shipped_at IS NULL RETURNING id
    )
    SELECT id, variant_id, warehouse_id, slot, quantity FROM shipped JOIN allocation ON reservation_id = shipped.id
""")
_BUCKET_OF: Final = {
    "HELD": Bucket.HELD,
    "PAYING": Bucket.HELD,
    "COMMITTED": Bucket.COMMITTED,
    "RELEASED": Bucket.AVAILABLE,
    "EXPIRED": Bucket.AVAILABLE,
}


class Ending(Struct, frozen=True, kw_only=True):
    """How reservations are to end: in `state`, if they are in one of `was`, and of the checkout if that is given.

    With `is_due` those whose time is over, else those that still have time; one that is COMMITTED has no time to keep.
    """

    state: ReservationState
    was: tuple[ReservationState, ...]
    checkout_id: UUID | None = None
    is_due: bool = False


class Taken(Struct, frozen=True):
    """A new reservation, and the seconds that it `waited` for its row."""

    id: UUID
    waited: float


async def find_reservations(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
    """As they are to be seen: one past its time has expired, whether swept or not."""
    rows = await transaction.execute(FIND, {"ids": list(ids)})
    return {row.id: _reservation(row) for row in rows}


async def list_reservations(
    transaction: Transaction, owner_ids: Sequence[str], limit: int
) -> dict[str, list[Reservation]]:
    """The newest `limit` reservations of each owner."""
    rows = await transaction.execute(LIST, {"owner_ids": list(owner_ids), "limit": limit})
    found: dict[str, list[Reservation]] = {owner_id: [] for owner_id in owner_ids}
    for row in rows:
        found[row.owner_id].append(_reservation(row))
    return found


async def take_one(
    transaction: Transaction, *, sku: str, quantity: int, owner_id: str, hold: timedelta
) -> Taken | None:
    """Hold pieces of one place, in one statement; None when no place has enough, or there is no such SKU."""
    parameters = {"sku": sku, "quantity": quantity, "owner_id": owner_id, "hold": hold}
    return await _take(transaction, TAKE_ONE, parameters)


async def take_part(
    transaction: Transaction, *, sku: str, quantity: int, owner_id: str, hold: timedelta
) -> Taken | None:
    """Hold pieces of a part that nobody else is at, in one statement and without waiting; None when there is none."""
    parameters = {"sku": sku, "quantity": quantity, "owner_id": owner_id, "hold": hold}
    return await _take(transaction, TAKE_PART, parameters)


async def _take(
    transaction: Transaction, statement: TextClause, parameters: Mapping[str, Any]
) -> Taken | None:
    row = (await transaction.execute(statement, parameters)).one_or_none()
    if row is None:
        return None
    transaction.changed(CHANGED, str(row.variant_id))
    return Taken(row.id, float(row.waited))


async def make(
    transaction: Transaction,
    *,
    owner_id: str,
    hold: timedelta,
    total: Money,
    lines: Sequence[Line],
    allocations: Sequence[Allocation],
) -> UUID:
    """Hold what is allocated; the caller has locked those levels."""
    parameters = {
        "owner_id": owner_id,
        "hold": hold,
        "total": total.amount,
        "currency": total.currency,
        "line_variants": [line.variant_id for line in lines],
        "line_quantities": [line.quantity for line in lines],
        "unit_amounts": [line.unit_price.amount for line in lines],
        "variants": [each.place.variant_id for each in allocations],
        "warehouses": [each.place.warehouse for each in allocations],
        "slots": [each.place.slot for each in allocations],
        "quantities": [each.quantity for each in allocations],
    }
    made: UUID = (await transaction.execute(MAKE, parameters)).scalar_one()
    await record(transaction, [_taking(each, made) for each in allocations])
    return made


async def find_due(
    transaction: Transaction, limit: int, variant_ids: Sequence[UUID] | None = None
) -> list[UUID]:
    """The reservations whose time was over first; of those variants, if any are given."""
    parameters = {"limit": limit, "variants": None if variant_ids is None else list(variant_ids)}
    return list((await transaction.execute(FIND_DUE, parameters)).scalars())


async def begin_payment(
    transaction: Transaction, reservation_id: UUID, *, payer_id: str, checkout_id: UUID, expires_at: datetime
) -> bool:
    """Give the reservation to the checkout until `expires_at`; whether it may have it."""
    parameters = {
        "id": reservation_id,
        "payer_id": payer_id,
        "checkout_id": checkout_id,
        "expires_at": expires_at,
    }
    return bool((await transaction.execute(PAY, parameters)).rowcount)


async def end(transaction: Transaction, ids: Sequence[UUID], ending: Ending) -> list[UUID]:
    """End those of the reservations that may end so, and move their pieces; those that were shipped are gone.

    The caller has locked their levels.
    """
    parameters = {
        "ids": list(ids),
        "state": ending.state.value,
        "was": [state.value for state in ending.was],
        "checkout_id": ending.checkout_id,
        "is_due": ending.is_due,
    }
    rows = (await transaction.execute(END, parameters)).all()
    movements = [_ending_movement(row, ending.state) for row in rows if not row.is_shipped]
    if movements:
        await record(transaction, movements)
    return list(dict.fromkeys(row.id for row in rows))


async def ship(transaction: Transaction, reservation_id: UUID) -> bool:
    """Let the pieces that were sold leave; False when they were not sold or have left. The caller has locked their levels."""
    rows = (await transaction.execute(SHIP, {"id": reservation_id})).all()
    if rows:
        await record(transaction, [_shipping(row) for row in rows])
    return bool(rows)


def _shipping(row: Row[Any]) -> Movement:
    return Movement(
        place=Place.of(row.variant_id, row.warehouse_id, row.slot),
        source=Bucket.COMMITTED,
        target=Bucket.OUTSIDE,
        quantity=row.quantity,
        reason=Reason.SHIPPED,
        reference=row.id,
    )


def _taking(allocation: Allocation, reservation_id: UUID) -> Movement:
    return Movement(
        place=allocation.place,
        source=Bucket.AVAILABLE,
        target=Bucket.HELD,
        quantity=allocation.quantity,
        reason=Reason.RESERVED,
        reference=reservation_id,
    )


def _ending_movement(row: Row[Any], state: ReservationState) -> Movement:
    return Movement(
        place=Place.of(row.variant_id, row.warehouse_id, row.slot),
        source=_BUCKET_OF[row.was],
        target=_BUCKET_OF[state],
        quantity=row.quantity,
        reason=Reason(state.value),
        reference=row.id,
    )


def _reservation(row: Row[Any]) -> Reservation:
    return Reservation(
        id=row.id,
        owner_id=row.owner_id,
        lines=tuple(
            Line(variant_id=UUID(id_), sku=sku, quantity=quantity, unit_price=Money(amount, row.currency))
            for id_, sku, quantity, amount in row.lines or ()
        ),
        total=Money(row.total_amount, row.currency),
        state=ReservationState(row.state),
        expires_at=row.expires_at,
        created_at=row.created_at,
        checkout_id=row.checkout_id,
        shipped_at=row.shipped_at,
    )
