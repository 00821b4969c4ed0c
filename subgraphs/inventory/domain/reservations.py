"""What a reservation is, which make sense, and what a checkout may do to one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.inventory.domain.catalogue import MAX_SKU, Money, Variant, check_text

MAX_QUANTITY = 1_000
"""Pieces in one line."""

MAX_LINES = 50
MAX_TOTAL = 2_000_000_000
"""Minor units that a reservation may come to: inside GraphQL's 32-bit Int."""


MAX_HOLDS = 4
"""How often the time that a reservation is held for at first may pass until it ends, however often its owner extends it."""


class ReservationState(StrEnum):
    """A reservation is HELD, then PAYING while a checkout is under way, and ends once in one of the others."""

    HELD = "HELD"
    PAYING = "PAYING"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"

    @property
    def is_open(self) -> bool:
        return self in {ReservationState.HELD, ReservationState.PAYING}


class Demand(Struct, frozen=True):
    """Pieces of a SKU that someone asks for."""

    sku: str
    quantity: int


class Order(Struct, frozen=True):
    """What an owner wants to be held for so long, and the `id` that the reservation would have."""

    id: UUID
    owner_id: str
    demands: tuple[Demand, ...]
    hold: timedelta


class Line(Struct, frozen=True, kw_only=True):
    """What was ordered, at the price of the moment."""

    variant_id: UUID
    sku: str
    quantity: int
    unit_price: Money


class Reservation(Struct, frozen=True, kw_only=True):
    """Pieces held for an owner until `expires_at` (by the database's clock); `checkout_id` is the checkout that it is under."""

    id: UUID
    owner_id: str
    lines: tuple[Line, ...]
    total: Money
    state: ReservationState
    expires_at: datetime
    created_at: datetime
    checkout_id: UUID | None = None
    shipped_at: datetime | None = None

    @property
    def quantity(self) -> int:
        """Pieces in all lines."""
        return sum(line.quantity for line in self.lines)


class Shortage(Struct, frozen=True):
    """More pieces of a SKU were asked for than may be reserved."""

    sku: str
    requested: int
    available: int


class InsufficientStock(Struct, frozen=True, tag=True):
    """Not everything can be held, so nothing was."""

    shortages: tuple[Shortage, ...]


class UnknownProduct(Struct, frozen=True, tag=True):
    """Nothing has the SKU."""

    sku: str


class UnknownReservation(Struct, frozen=True):
    """There is no such reservation, or it is someone else's: the two are not told apart."""


class EndedReservation(Struct, frozen=True):
    """The reservation ended before in `state` and stays so, or is PAYING and its checkout decides."""

    state: ReservationState


class Refusal(StrEnum):
    """Why a checkout cannot have a reservation."""

    NOT_FOUND = "NOT_FOUND"
    NOT_OWNER = "NOT_OWNER"
    ENDED = "ENDED"
    ALREADY_PAYING = "ALREADY_PAYING"


def check_quantity(quantity: int) -> int:
    """Return `quantity`, or raise InvalidInputError unless it is 1 to `MAX_QUANTITY` pieces."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidInputError("quantity", f"must be between 1 and {MAX_QUANTITY}, not {quantity}")
    return quantity


def check_demands(demands: Sequence[Demand]) -> tuple[Demand, ...]:
    """The demands with those of one SKU summed, in the order of their SKUs.

    Raises:
        InvalidInputError: there is none, there are too many, or one cannot be met by any stock.
    """
    if not 1 <= len(demands) <= MAX_LINES:
        raise InvalidInputError("lines", f"must be between 1 and {MAX_LINES}, not {len(demands)}")
    sums: dict[str, int] = {}
    for demand in demands:
        sku = check_text("sku", demand.sku, MAX_SKU)
        sums[sku] = sums.get(sku, 0) + check_quantity(demand.quantity)
    return tuple(Demand(sku, check_quantity(quantity)) for sku, quantity in sorted(sums.items()))


def price(demands: Sequence[Demand], variants: Mapping[str, Variant]) -> tuple[tuple[Line, ...], Money]:
    """The lines of the demands at today's prices, and what they come to.

    Raises:
        InvalidInputError: they are of several currencies, or come to too much.
    """
    lines = tuple(
        Line(variant_id=variant.id, sku=variant.sku, quantity=demand.quantity, unit_price=variant.price)
        for demand in demands
        for variant in [variants[demand.sku]]
    )
    currencies = {line.unit_price.currency for line in lines}
    total = sum(line.quantity * line.unit_price.amount for line in lines)
    if len(currencies) != 1:
        raise InvalidInputError("lines", "must all be of one currency")
    if total > MAX_TOTAL:
        raise InvalidInputError("lines", f"must not come to more than {MAX_TOTAL} minor units")
    return lines, Money(total, currencies.pop())


def refusal(found: Reservation | None, *, checkout_id: UUID, payer_id: str | None = None) -> Refusal | None:
    """Why the checkout cannot have the reservation; None when it is HELD for the payer, or the checkout's already."""
    if found is None:
        return Refusal.NOT_FOUND
    if payer_id is not None and found.owner_id != payer_id:
        return Refusal.NOT_OWNER
    if not found.state.is_open:
        return Refusal.ENDED
    if found.state is ReservationState.PAYING and found.checkout_id != checkout_id:
        return Refusal.ALREADY_PAYING
    return None
