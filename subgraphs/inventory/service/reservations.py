"""The reservations of the house: made, seen, extended, given back, and ended when nobody paid for them in time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from common.database import Database
from common.failpoints import failpoint
from common.idempotency import Claim
from common.ids import new_id
from common.inputs import check_idempotency_key, check_page
from subgraphs.inventory.domain.reservations import (
    MAX_HOLDS,
    Demand,
    EndedReservation,
    Order,
    Reservation,
    ReservationState,
    UnknownReservation,
    check_demands,
)
from subgraphs.inventory.events import ReservationReleased
from subgraphs.inventory.service.ending import SWEEP, end, expire
from subgraphs.inventory.service.hot import HotItems
from subgraphs.inventory.service.reserving import Refused, Reserving
from subgraphs.inventory.store import ending
from subgraphs.inventory.store import reservations as store

RELEASE = ending.Ending(state=ReservationState.RELEASED, was=(ReservationState.HELD,))


class _ReserveRequest(Struct, frozen=True):
    lines: tuple[Demand, ...]


class Inventory:
    """`hold` is how long a reservation waits for its payment, `hot` which items are split, `region` whose quotas are used."""

    def __init__(
        self,
        database: Database,
        hold: timedelta,
        hot: HotItems | None = None,
        region: str | None = None,
    ) -> None:
        self._database = database
        self._hold = hold
        self._reserving = Reserving(database, hot or HotItems(database), region)

    async def find_reservations(self, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
        async with self._database.autocommit() as transaction:
            return await store.find_reservations(transaction, ids)

    async def list_reservations(self, owner_ids: Sequence[str], first: int) -> dict[str, list[Reservation]]:
        """The newest `first` reservations of each owner. Raises InvalidInputError for a wrong page."""
        async with self._database.autocommit() as transaction:
            return await store.list_reservations(transaction, owner_ids, check_page(first))

    async def reserve(
        self, owner_id: str, sku: str, quantity: int, idempotency_key: str
    ) -> Reservation | Refused:
        """Hold pieces of one SKU: `reserve_lines` for one line."""
        return await self.reserve_lines(owner_id, [Demand(sku, quantity)], idempotency_key)

    async def reserve_lines(
        self, owner_id: str, lines: Sequence[Demand], idempotency_key: str
    ) -> Reservation | Refused:
        """Hold all the pieces for `owner_id`, or none; the same key of the same owner holds them once and answers alike.

        Raises:
            InvalidInputError: the lines or the key make no sense.
            IdempotencyMismatch: the key was used for another request.
        """
        request = _ReserveRequest(check_demands(lines))
        claim = Claim.of(f"reserveStock:{owner_id}", check_idempotency_key(idempotency_key), request)
        order = Order(new_id(), owner_id, request.lines, self._hold)
        return await self._reserving.once(claim, order)

    async def release(
        self, owner_id: str, reservation_id: UUID
    ) -> Reservation | UnknownReservation | EndedReservation:
        """Give the pieces of an own reservation back, unless a checkout has it."""
        async with self._database.transaction() as transaction:
            found = (await store.find_reservations(transaction, [reservation_id])).get(reservation_id)
            if found is None or found.owner_id != owner_id:
                return UnknownReservation()
            ended = await end(transaction, [reservation_id], RELEASE, ReservationReleased)
            failpoint("inventory.release.before_commit")
            seen = (await store.find_reservations(transaction, [reservation_id]))[reservation_id]
            return seen if ended else EndedReservation(seen.state)

    async def extend(
        self, owner_id: str, reservation_id: UUID
    ) -> Reservation | UnknownReservation | EndedReservation:
        """Hold an own reservation for as long from now as a new one, within its bound; not one that has ended or is PAYING."""
        async with self._database.transaction() as transaction:
            found = (await store.find_reservations(transaction, [reservation_id])).get(reservation_id)
            if found is None or found.owner_id != owner_id:
                return UnknownReservation()
            extended = await ending.extend(transaction, reservation_id, self._hold, MAX_HOLDS * self._hold)
            failpoint("inventory.extend.before_commit")
            seen = (await store.find_reservations(transaction, [reservation_id]))[reservation_id]
            return seen if extended else EndedReservation(seen.state)

    async def expire_due(self) -> int:
        """End every reservation whose time is over, many in one transaction; returns how many."""
        count = 0
        while True:
            async with self._database.transaction() as transaction:
                due = await ending.find_due(transaction, SWEEP)
                count += len(await expire(transaction, due))
                failpoint("inventory.expire.before_commit")
            if len(due) < SWEEP:
                return count
