"""Reserving, giving back, and ending what nobody paid for in time."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key, check_page
from subgraphs.inventory.domain.allocation import allocate
from subgraphs.inventory.domain.bundles import needed, shortages
from subgraphs.inventory.domain.reservations import (
    Demand,
    EndedReservation,
    InsufficientStock,
    Reservation,
    ReservationState,
    UnknownProduct,
    UnknownReservation,
    check_demands,
    price,
)
from subgraphs.inventory.events import ReservationExpired, ReservationHeld, ReservationReleased
from subgraphs.inventory.service.ending import end
from subgraphs.inventory.service.hot import HotItems
from subgraphs.inventory.store import bundles, catalogue, quotas, stock
from subgraphs.inventory.store import reservations as store

SWEEP = 200
"""Reservations that one transaction ends when their time is over."""

EXPIRY = store.Ending(
    state=ReservationState.EXPIRED, was=(ReservationState.HELD, ReservationState.PAYING), is_due=True
)
RELEASE = store.Ending(state=ReservationState.RELEASED, was=(ReservationState.HELD,))


class _ReserveRequest(Struct, frozen=True):
    lines: tuple[Demand, ...]


class _Receipt(Struct, frozen=True):
    """What is remembered under an idempotency key; a held reservation by its id, for it goes on living."""

    outcome: UUID | InsufficientStock | UnknownProduct


class Inventory:
    """The reservations of the house.

    `hold` is how long one waits for its payment, `hot` which items are split, `region` whose quotas are used.
    """

    def __init__(
        self,
        database: Database,
        hold: timedelta,
        hot: HotItems | None = None,
        region: str | None = None,
    ) -> None:
        self._database = database
        self._hold = hold
        self._hot = hot or HotItems(database)
        self._region = region

    async def find_reservations(self, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
        async with self._database.transaction() as transaction:
            return await store.find_reservations(transaction, ids)

    async def list_reservations(self, owner_ids: Sequence[str], first: int) -> dict[str, list[Reservation]]:
        """The newest `first` reservations of each owner. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_reservations(transaction, owner_ids, check_page(first))

    async def reserve(
        self, owner_id: str, sku: str, quantity: int, idempotency_key: str
    ) -> Reservation | InsufficientStock | UnknownProduct:
        """Hold pieces of one SKU: `reserve_lines` for one line."""
        return await self.reserve_lines(owner_id, [Demand(sku, quantity)], idempotency_key)

    async def reserve_lines(
        self, owner_id: str, lines: Sequence[Demand], idempotency_key: str
    ) -> Reservation | InsufficientStock | UnknownProduct:
        """Hold all the pieces for `owner_id`, or none; the same key of the same owner holds them once and answers alike.

        Raises:
            InvalidInputError: the lines or the key make no sense.
            IdempotencyMismatch: the key was used for another request.
        """
        request = _ReserveRequest(check_demands(lines))
        key = check_idempotency_key(idempotency_key)
        async with self._database.transaction() as transaction:
            receipt = await idempotency.once(
                transaction,
                scope=f"reserveStock:{owner_id}",
                key=key,
                request=request,
                run=lambda: self._reserve(transaction, owner_id, request.lines),
                result=_Receipt,
            )
            failpoint("inventory.reserve.before_commit")
            if isinstance(receipt.outcome, UUID):
                return (await store.find_reservations(transaction, [receipt.outcome]))[receipt.outcome]
            return receipt.outcome

    async def _reserve(self, transaction: Transaction, owner_id: str, demands: Sequence[Demand]) -> _Receipt:
        outcome = await self._within_quota(transaction, owner_id, demands)
        if isinstance(outcome, UUID):
            failpoint("inventory.reserve.after_take")
            held = (await store.find_reservations(transaction, [outcome]))[outcome]
            await transaction.publish(_held_event(held))
        return _Receipt(outcome)

    async def _within_quota(
        self, transaction: Transaction, owner_id: str, demands: Sequence[Demand]
    ) -> UUID | InsufficientStock | UnknownProduct:
        """Take the pieces, if the region may still sell so many."""
        if self._region is None:
            return await self._take(transaction, owner_id, demands)
        taken, short = await quotas.take(transaction, self._region, demands)
        if short:
            return InsufficientStock(tuple(short))
        outcome = await self._take(transaction, owner_id, demands)
        if isinstance(outcome, UUID):
            await quotas.note(transaction, outcome, self._region, taken)
        else:
            await quotas.untake(transaction, self._region, taken)
        return outcome

    async def _take(
        self, transaction: Transaction, owner_id: str, demands: Sequence[Demand]
    ) -> UUID | InsufficientStock | UnknownProduct:
        taken = await self._take_one(transaction, owner_id, demands)
        return taken or await self._take_all(transaction, owner_id, demands)

    async def _take_one(
        self, transaction: Transaction, owner_id: str, demands: Sequence[Demand]
    ) -> UUID | None:
        """One line from one place, the quick way; None when that does not do."""
        if len(demands) != 1:
            return None
        [demand] = demands
        is_hot = demand.sku in self._hot.skus
        take = store.take_part if is_hot else store.take_one
        taken = await take(
            transaction, sku=demand.sku, quantity=demand.quantity, owner_id=owner_id, hold=self._hold
        )
        if taken is None:
            return None
        if not is_hot:
            self._hot.note(demand.sku, taken.waited)
        return taken.id

    async def _take_all(
        self, transaction: Transaction, owner_id: str, demands: Sequence[Demand]
    ) -> UUID | InsufficientStock | UnknownProduct:
        found = await catalogue.find_variants(transaction, [demand.sku for demand in demands])
        variants = {sku: variant for sku, variant in found.items() if isinstance(sku, str)}
        unknown = next((demand.sku for demand in demands if demand.sku not in variants), None)
        if unknown is not None:
            return UnknownProduct(unknown)
        lines, total = price(demands, variants)
        parts = await bundles.find_parts(transaction, [line.variant_id for line in lines])
        wanted = needed(lines, parts)
        due = await store.find_due(transaction, SWEEP, list(wanted))
        places = await stock.read_places(transaction, list(wanted))
        if due or allocate(wanted, places) is not None:  # else there is nothing to wait for
            await _make_room(transaction, list(wanted), due)
            places = await stock.read_places(transaction, list(wanted))
        allocations = allocate(wanted, places)
        if allocations is None:
            sellable: Counter[UUID] = Counter()
            for level in places:
                sellable[level.place.variant_id] += level.sellable
            return InsufficientStock(shortages(lines, parts, sellable))
        return await store.make(
            transaction,
            owner_id=owner_id,
            hold=self._hold,
            total=total,
            lines=lines,
            allocations=allocations,
        )

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

    async def expire_due(self) -> int:
        """End every reservation whose time is over, many in one transaction; returns how many."""
        count = 0
        while True:
            async with self._database.transaction() as transaction:
                due = await store.find_due(transaction, SWEEP)
                count += len(await end(transaction, due, EXPIRY, ReservationExpired))
                failpoint("inventory.expire.before_commit")
            if len(due) < SWEEP:
                return count


async def _make_room(transaction: Transaction, variant_ids: Sequence[UUID], due: Sequence[UUID]) -> None:
    """Lock the variants' levels, and put what lapsed holds have of them back on offer."""
    await stock.lock_variants(transaction, variant_ids, due)
    await end(transaction, due, EXPIRY, ReservationExpired)


def _held_event(held: Reservation) -> ReservationHeld:
    return ReservationHeld(
        reservation_id=held.id,
        owner_id=held.owner_id,
        lines=tuple(Demand(line.sku, line.quantity) for line in held.lines),
        total_amount=held.total.amount,
        currency=held.total.currency,
        expires_at=held.expires_at,
    )
