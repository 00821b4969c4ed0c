"""Reservations: found, and taken whole or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, TextClause, text

from common.database import Transaction
from common.database.transaction import event_headers
from common.idempotency import Claim, claiming
from subgraphs.inventory.domain.allocation import Allocation
from subgraphs.inventory.domain.catalogue import Money
from subgraphs.inventory.domain.reservations import Line, Order, Reservation, ReservationState
from subgraphs.inventory.domain.stock import Bucket, Movement, Reason
from subgraphs.inventory.store.stock import CHANGED, record

_SEEN: Final = """
    SELECT reservation.id, shipped_at, owner_id, total_amount, reservation.currency, expires_at, reservation.created_at, checkout_id,
           CASE WHEN state IN ('HELD', 'PAYING') AND expires_at <= clock_timestamp() THEN 'EXPIRED' ELSE state END AS state, lines.facts AS lines
    FROM reservation, LATERAL (
        SELECT json_agg(json_build_array(variant_id, sku, quantity, unit_amount) ORDER BY number) AS facts
        FROM reservation_line JOIN variant ON variant.id = variant_id WHERE reservation_id = reservation.id
    ) lines
"""
FIND: Final = text(f"{_SEEN} WHERE reservation.id = ANY(CAST(:ids AS uuid[]))")
LIST: Final = text(f"""
    SELECT newest.* FROM unnest(CAST(:owner_ids AS text[])) AS owner (id), LATERAL (
        {_SEEN} WHERE owner_id = owner.id ORDER BY reservation.id DESC LIMIT :limit
    ) newest
""")  # noqa: S608 - a constant
_TAKE: Final = """
    WITH free AS MATERIALIZED (
        SELECT variant_id, warehouse_id, slot, price_amount, currency
        FROM variant JOIN level ON variant_id = variant.id JOIN warehouse ON warehouse.id = warehouse_id
        WHERE sku = :sku AND available - safety + backorder_limit >= :quantity {if_limited}
        {which}
    ), {claimed} place AS MATERIALIZED (SELECT free.* FROM {places}), counted AS (
        UPDATE level SET available = available - :quantity, held = held + :quantity FROM place
        WHERE (level.variant_id, level.warehouse_id, level.slot)
            = (place.variant_id, place.warehouse_id, place.slot)
    ), made AS (
        INSERT INTO reservation (id, owner_id, total_amount, currency, expires_at)
        SELECT :id, :owner_id, price_amount * :quantity, currency, now() + :hold FROM place
        RETURNING id AS reservation_id, owner_id, total_amount, currency, expires_at, created_at
    ), lined AS (
        INSERT INTO reservation_line (reservation_id, number, variant_id, quantity, unit_amount)
        SELECT :id, 1, variant_id, :quantity, price_amount FROM place
    ), allocated AS (
        INSERT INTO allocation (reservation_id, variant_id, warehouse_id, slot, quantity)
        SELECT :id, variant_id, warehouse_id, slot, :quantity FROM place
    ), moved AS (
        INSERT INTO movement (
            variant_id, quantity, source, source_warehouse, source_slot,
            target, target_warehouse, target_slot, reason, reference
        )
        SELECT variant_id, :quantity, 'AVAILABLE', warehouse_id, slot, 'HELD', warehouse_id, slot, 'RESERVED', :id
        FROM place
    ) {told}
    SELECT variant_id, price_amount, place.currency, expires_at, created_at,
           extract(epoch FROM clock_timestamp() - statement_timestamp())::float8 AS waited
    FROM place, made
"""
_WHOLE: Final = "ORDER BY priority, warehouse_id, slot LIMIT 1 FOR NO KEY UPDATE OF level"
_PART: Final = "AND slot > 0 ORDER BY priority, random() LIMIT 1 FOR NO KEY UPDATE OF level SKIP LOCKED"
_PLAIN: Final = {"if_limited": "", "claimed": "", "places": "free", "told": ""}
TAKE_ONE: Final = text(_TAKE.format(which=_WHOLE, **_PLAIN))
TAKE_PART: Final = text(_TAKE.format(which=_PART, **_PLAIN))
_ONCE: Final = {
    "if_limited": "AND limit_pieces IS NULL",
    "claimed": f"claimed AS ({claiming('FROM free')} RETURNING 1),",
    "places": "free, claimed",
    "told": """, told AS (
        INSERT INTO outbox (subject, aggregate_id, payload, headers)
        SELECT :subject, reservation_id, to_jsonb(held), CAST(CAST(:headers AS text) AS jsonb) FROM (
            SELECT reservation_id, owner_id, total_amount, currency, expires_at, jsonb_build_array(
                jsonb_build_object('sku', CAST(:sku AS text), 'quantity', CAST(:quantity AS integer))
            ) AS lines FROM made
        ) held
    )""",
}
TAKE_ONE_ONCE: Final = text(_TAKE.format(which=_WHOLE, **_ONCE))
TAKE_PART_ONCE: Final = text(_TAKE.format(which=_PART, **_ONCE))
MAKE: Final = text("""
    WITH made AS (
        INSERT INTO reservation (id, owner_id, total_amount, currency, expires_at)
        VALUES (:id, :owner_id, :total, :currency, now() + :hold) RETURNING id, expires_at, created_at
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
    SELECT expires_at, created_at FROM made
""")


class Taken(Struct, frozen=True):
    """A new reservation, and the seconds that it `waited` for its row."""

    held: Reservation
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


async def take_one(transaction: Transaction, order: Order, *, is_hot: bool) -> Taken | None:
    """Hold the pieces of an order for one line, in one statement and from one place; None when no place has enough.

    Of an item that `is_hot` a part is taken that nobody else is at, without waiting.
    """
    return await _take(transaction, TAKE_PART if is_hot else TAKE_ONE, order, {})


async def take_one_once(
    transaction: Transaction, order: Order, *, is_hot: bool, claim: Claim, result: object, subject: str
) -> Taken | None:
    """The same with all that belongs to it: the key is claimed for `result`, and an event published under `subject`.

    None also when the key is not new, and when one person may have only so many of the SKU.
    """
    told = {"subject": subject, "headers": event_headers()}
    statement = TAKE_PART_ONCE if is_hot else TAKE_ONE_ONCE
    taken = await _take(transaction, statement, order, claim.values(result) | told)
    transaction.has_events |= taken is not None
    return taken


async def _take(
    transaction: Transaction, statement: TextClause, order: Order, more: Mapping[str, Any]
) -> Taken | None:
    [demand] = order.demands
    wanted = {"sku": demand.sku, "quantity": demand.quantity}
    made = {"id": order.id, "owner_id": order.owner_id, "hold": order.hold}
    row = (await transaction.execute(statement, {**wanted, **made, **more})).one_or_none()
    if row is None:
        return None
    transaction.changed(CHANGED, str(row.variant_id))
    price = Money(row.price_amount, row.currency)
    line = Line(variant_id=row.variant_id, sku=demand.sku, quantity=demand.quantity, unit_price=price)
    total = Money(price.amount * demand.quantity, price.currency)
    return Taken(_held(order, [line], total, row), row.waited)


async def make(
    transaction: Transaction,
    order: Order,
    *,
    lines: Sequence[Line],
    total: Money,
    allocations: Sequence[Allocation],
) -> Reservation:
    """Hold what is allocated; the caller has locked those levels."""
    parameters = {
        "id": order.id,
        "owner_id": order.owner_id,
        "hold": order.hold,
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
    row = (await transaction.execute(MAKE, parameters)).one()
    await record(transaction, [_taking(each, order.id) for each in allocations])
    return _held(order, lines, total, row)


def _held(order: Order, lines: Sequence[Line], total: Money, row: Row[Any]) -> Reservation:
    return Reservation(
        id=order.id,
        owner_id=order.owner_id,
        lines=tuple(lines),
        total=total,
        state=ReservationState.HELD,
        expires_at=row.expires_at,
        created_at=row.created_at,
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
