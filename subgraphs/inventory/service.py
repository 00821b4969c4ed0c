"""The use cases of inventory; each call is one transaction, each event's effect is part of its consumer's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key, check_page
from subgraphs.inventory import store
from subgraphs.inventory.domain import (
    MAX_SEARCH,
    MAX_SKU,
    EndedReservation,
    InsufficientStock,
    Product,
    ProductPage,
    Reservation,
    ReservationState,
    StockLevel,
    UnknownProduct,
    UnknownReservation,
    check_quantity,
    check_text,
    decode_cursor,
)
from subgraphs.inventory.events import (
    PaymentCaptured,
    PaymentDeclined,
    ReservationCommitted,
    ReservationEnded,
    ReservationExpired,
    ReservationHeld,
    ReservationReleased,
    ReservationUnfulfilled,
)

_EndedT = TypeVar("_EndedT", bound=ReservationEnded)


class _ReserveRequest(Struct, frozen=True):
    sku: str
    quantity: int


class _Receipt(Struct, frozen=True):
    """What is remembered under an idempotency key; a held reservation by its id, for it goes on living."""

    outcome: UUID | InsufficientStock | UnknownProduct


class Inventory:
    """The stock of the house. `hold` is how long a reservation waits for its payment."""

    def __init__(self, database: Database, hold: timedelta) -> None:
        self._database = database
        self._hold = hold

    async def find_products(self, keys: Sequence[UUID | str]) -> dict[UUID | str, Product]:
        """The products whose id or whose SKU is among `keys`, by both."""
        async with self._database.transaction() as transaction:
            return await store.find_products(transaction, keys)

    async def find_levels(self, product_ids: Sequence[UUID]) -> dict[UUID, StockLevel]:
        async with self._database.transaction() as transaction:
            return await store.find_levels(transaction, product_ids)

    async def find_reservations(self, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
        async with self._database.transaction() as transaction:
            return await store.find_reservations(transaction, ids)

    async def list_reservations(self, owner_ids: Sequence[str], first: int) -> dict[str, list[Reservation]]:
        """The newest `first` reservations of each owner. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_reservations(transaction, owner_ids, check_page(first))

    async def list_products(self, first: int, after: str | None, search: str | None) -> ProductPage:
        """A page of the catalogue. Raises InvalidInputError for what cannot be a page, a cursor or a search."""
        position = decode_cursor(after) if after is not None else None
        words = check_text("search", search, MAX_SEARCH) if search is not None else None
        limit = check_page(first) + 1
        async with self._database.transaction() as transaction:
            found = await store.list_products(transaction, limit=limit, after=position, search=words)
        return ProductPage(found[:first], len(found) > first)

    async def reserve(
        self, owner_id: str, sku: str, quantity: int, idempotency_key: str
    ) -> Reservation | InsufficientStock | UnknownProduct:
        """Hold pieces for `owner_id`; the same key of the same owner holds them once and answers alike.

        Raises:
            InvalidInputError: the quantity, the SKU or the key cannot be one.
            IdempotencyMismatch: the key was used for another request.
        """
        request = _ReserveRequest(check_text("sku", sku, MAX_SKU), check_quantity(quantity))
        key = check_idempotency_key(idempotency_key)
        async with self._database.transaction() as transaction:
            receipt = await idempotency.once(
                transaction,
                scope=f"reserveStock:{owner_id}",
                key=key,
                request=request,
                run=lambda: self._reserve(transaction, owner_id, request),
                result=_Receipt,
            )
            failpoint("inventory.reserve.before_commit")
            if isinstance(receipt.outcome, UUID):
                return (await store.find_reservations(transaction, [receipt.outcome]))[receipt.outcome]
            return receipt.outcome

    async def _reserve(self, transaction: Transaction, owner_id: str, request: _ReserveRequest) -> _Receipt:
        held = await self._take(transaction, owner_id, request)
        if held is None:
            obstacle = await _make_room(transaction, request)
            if obstacle is not None:
                return _Receipt(obstacle)
            held = await self._take(transaction, owner_id, request)
            assert held is not None, "there is room, and the level is locked"
        await transaction.publish(_held_event(held, request.sku))
        return _Receipt(held.id)

    async def _take(
        self, transaction: Transaction, owner_id: str, request: _ReserveRequest
    ) -> Reservation | None:
        return await store.reserve(
            transaction, sku=request.sku, quantity=request.quantity, owner_id=owner_id, hold=self._hold
        )

    async def release(
        self, owner_id: str, reservation_id: UUID
    ) -> Reservation | UnknownReservation | EndedReservation:
        """Give the pieces of an own reservation back."""
        async with self._database.transaction() as transaction:
            found = (await store.find_reservations(transaction, [reservation_id])).get(reservation_id)
            if found is None or found.owner_id != owner_id:
                return UnknownReservation()
            released = await _release(transaction, found)
            if released is None:
                return EndedReservation((await _see(transaction, reservation_id)).state)
            return released

    async def expire_due(self) -> int:
        """End every reservation whose time is over, one transaction a product; returns how many."""
        async with self._database.transaction() as transaction:
            product_ids = await store.products_with_due_reservations(transaction)
        count = 0
        for product_id in product_ids:
            async with self._database.transaction() as transaction:
                await store.lock_level(transaction, product_id)
                count += await _expire(transaction, product_id)
        return count


async def on_payment_captured(transaction: Transaction, event: PaymentCaptured) -> None:
    """Sell the pieces; when the reservation ended before, say so, and payments gives the money back."""
    found = await _see(transaction, event.reservation_id)
    await store.lock_level(transaction, found.product_id)
    committed = await store.commit(transaction, found.id)
    failpoint("inventory.commit.before_commit")
    if committed is not None:
        await transaction.publish(_ended_event(ReservationCommitted, committed))
        return
    state = (await _see(transaction, found.id)).state
    if state is not ReservationState.COMMITTED:
        await transaction.publish(
            ReservationUnfulfilled(reservation_id=found.id, payment_id=event.payment_id, state=state)
        )


async def on_payment_declined(transaction: Transaction, event: PaymentDeclined) -> None:
    """Put the pieces back on offer, unless the reservation ended before."""
    await _release(transaction, await _see(transaction, event.reservation_id))


async def _see(transaction: Transaction, reservation_id: UUID) -> Reservation:
    """The reservation as it is now. Raises LookupError when nobody made it."""
    found = await store.find_reservations(transaction, [reservation_id])
    if reservation_id not in found:
        raise LookupError(f"no reservation {reservation_id}")
    return found[reservation_id]


async def _release(transaction: Transaction, found: Reservation) -> Reservation | None:
    await store.lock_level(transaction, found.product_id)
    released = await store.release(transaction, found.id)
    failpoint("inventory.release.before_commit")
    if released is not None:
        await transaction.publish(_ended_event(ReservationReleased, released))
    return released


async def _expire(transaction: Transaction, product_id: UUID) -> int:
    expired = await store.expire(transaction, product_id)
    for reservation in expired:
        await transaction.publish(_ended_event(ReservationExpired, reservation))
    failpoint("inventory.expire.before_commit")
    return len(expired)


async def _make_room(
    transaction: Transaction, request: _ReserveRequest
) -> InsufficientStock | UnknownProduct | None:
    """Expire what is due of the product and keep its level locked; None when there is enough then."""
    product = (await store.find_products(transaction, [request.sku])).get(request.sku)
    if product is None:
        return UnknownProduct(request.sku)
    await store.lock_level(transaction, product.id)
    await _expire(transaction, product.id)
    available = (await store.find_levels(transaction, [product.id]))[product.id].available
    return None if available >= request.quantity else InsufficientStock(request.quantity, available)


def _held_event(held: Reservation, sku: str) -> ReservationHeld:
    return ReservationHeld(
        reservation_id=held.id,
        owner_id=held.owner_id,
        product_id=held.product_id,
        sku=sku,
        quantity=held.quantity,
        total_amount=held.total.amount,
        currency=held.total.currency,
        expires_at=held.expires_at,
    )


def _ended_event(kind: type[_EndedT], ended: Reservation) -> _EndedT:
    return kind(
        reservation_id=ended.id, owner_id=ended.owner_id, product_id=ended.product_id, quantity=ended.quantity
    )
