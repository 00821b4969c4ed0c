"""The end of reservations, whoever brings it about: their pieces move, and an event tells of each."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from common.database import Transaction
from subgraphs.inventory.domain.reservations import Demand, Reservation
from subgraphs.inventory.events import ReservationEnded
from subgraphs.inventory.store import reservations as store
from subgraphs.inventory.store import stock

_EndedT = TypeVar("_EndedT", bound=ReservationEnded)


async def end(
    transaction: Transaction, ids: Sequence[UUID], ending: store.Ending, event: type[ReservationEnded]
) -> list[Reservation]:
    """End those of the reservations that may end so. A caller that has locked levels has locked theirs among them."""
    if not ids:
        return []
    await stock.lock_reserved(transaction, ids)
    ended = await store.end(transaction, ids, ending)
    found = await store.find_reservations(transaction, ended) if ended else {}
    for reservation in found.values():
        await transaction.publish(ended_event(event, reservation))
    return list(found.values())


def ended_event(kind: type[_EndedT], ended: Reservation) -> _EndedT:
    return kind(
        reservation_id=ended.id,
        checkout_id=ended.checkout_id,
        owner_id=ended.owner_id,
        lines=tuple(Demand(line.sku, line.quantity) for line in ended.lines),
    )
