"""The way of a reservation after it was made: extended, paid for, shipped, ended once.

Whether its time is over is asked of the clock at the moment of the statement, which comes behind its locks: a transaction that waited for
them must not do what another was refused meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.reservations import ReservationState
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason
from subgraphs.inventory.store.stock import DUE, record

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
    WHERE id = :id AND owner_id = :payer_id AND expires_at > clock_timestamp() AND :expires_at > clock_timestamp()
      AND (state = 'HELD' OR state = 'PAYING' AND checkout_id = :checkout_id)
""")
EXTEND: Final = text("""
    UPDATE reservation SET
        expires_at = greatest(expires_at, least(clock_timestamp() + :hold, created_at + CAST(:most AS interval)))
    WHERE id = :id AND state = 'HELD' AND expires_at > clock_timestamp()
""")
END: Final = text("""
    WITH ended AS (
        UPDATE reservation SET state = :state, ended_at = now()
        WHERE id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:was AS text[]))
          AND (CAST(:checkout_id AS uuid) IS NULL OR checkout_id = :checkout_id)
          AND (state = 'COMMITTED' OR (expires_at <= clock_timestamp()) = :is_due)
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


async def extend(transaction: Transaction, reservation_id: UUID, hold: timedelta, most: timedelta) -> bool:
    """Hold it for `hold` from now, but for no longer than `most` in all; False when it is not HELD any more."""
    parameters = {"id": reservation_id, "hold": hold, "most": most}
    return bool((await transaction.execute(EXTEND, parameters)).rowcount)


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


def _ending_movement(row: Row[Any], state: ReservationState) -> Movement:
    return Movement(
        place=Place.of(row.variant_id, row.warehouse_id, row.slot),
        source=_BUCKET_OF[row.was],
        target=_BUCKET_OF[state],
        quantity=row.quantity,
        reason=Reason(state.value),
        reference=row.id,
    )
