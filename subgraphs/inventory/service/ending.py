"""The end of reservations, whoever brings it about: their pieces move, and an event tells of each."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from common.database import Transaction
from subgraphs.inventory.domain.reservations import Demand, Reservation, ReservationState
from subgraphs.inventory.events import ReservationEnded, ReservationExpired
from subgraphs.inventory.store import ending as store
from subgraphs.inventory.store import stock
from subgraphs.inventory.store.reservations import find_reservations

_EndedT = TypeVar("_EndedT", bound=ReservationEnded)

SWEEP = 200
"""Reservations that one transaction ends when their time is over."""

_EXPIRY = store.Ending(
    state=ReservationState.EXPIRED, was=(ReservationState.HELD, ReservationState.PAYING), is_due=True
)


async def end(
    transaction: Transaction, ids: Sequence[UUID], ending: store.Ending, event: type[ReservationEnded]
) -> list[Reservation]:
    """End those of the reservations that may end so. A caller that has locked levels has locked theirs among them."""
    if not ids:
        return []
    await stock.lock_reserved(transaction, ids)
    ended = await store.end(transaction, ids, ending)
    found = await find_reservations(transaction, ended) if ended else {}
    await transaction.publish(*(ended_event(event, reservation) for reservation in found.values()))
    return list(found.values())


async def expire(transaction: Transaction, due: Sequence[UUID]) -> list[Reservation]:
    """End those of the reservations whose time is over; see `end`."""
    return await end(transaction, due, _EXPIRY, ReservationExpired)


def ended_event(kind: type[_EndedT], ended: Reservation) -> _EndedT:
    return kind(
        reservation_id=ended.id,
        checkout_id=ended.checkout_id,
        owner_id=ended.owner_id,
        lines=tuple(Demand(line.sku, line.quantity) for line in ended.lines),
    )
