"""The events that inventory publishes, and those of payments that it consumes.

The subjects are the contract between services; each service declares for itself the fields that it reads.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from common.events import Event
from subgraphs.inventory.domain.reservations import Demand


class ReservationHeld(Event, frozen=True, kw_only=True):
    """Pieces are held for `owner_id`; `total_amount` (minor units) is due until `expires_at`."""

    subject: ClassVar[str] = "inventory.reservation.held"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    owner_id: str
    lines: tuple[Demand, ...]
    total_amount: int
    currency: str
    expires_at: datetime


class ReservationPaying(Event, frozen=True, kw_only=True):
    """The checkout has the reservation until `expires_at`; `total_amount` (minor units) is what it costs."""

    subject: ClassVar[str] = "inventory.reservation.paying"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID
    owner_id: str
    total_amount: int
    currency: str
    expires_at: datetime


class ReservationRefused(Event, frozen=True, kw_only=True):
    """The checkout cannot have the reservation, or cannot have it any more; `reason` is one of `Refusal`."""

    subject: ClassVar[str] = "inventory.reservation.refused"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID
    reason: str


class ReservationEnded(Event, frozen=True, kw_only=True):
    """What the three ends of a reservation have in common; without a `checkout_id` no checkout ever had it."""

    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID | None = None
    owner_id: str | None = None
    lines: tuple[Demand, ...] = ()


class ReservationCommitted(ReservationEnded, frozen=True, kw_only=True):
    """The reservation is paid: its pieces are sold."""

    subject: ClassVar[str] = "inventory.reservation.committed"


class ReservationReleased(ReservationEnded, frozen=True, kw_only=True):
    """Nothing is kept for the owner, or for the checkout that failed: the pieces are on offer."""

    subject: ClassVar[str] = "inventory.reservation.released"


class ReservationExpired(ReservationEnded, frozen=True, kw_only=True):
    """The time ran out: that of the hold, or that of the checkout that had it."""

    subject: ClassVar[str] = "inventory.reservation.expired"


class StockLow(Event, frozen=True, kw_only=True):
    """No more than `low_at` pieces of a SKU are left to sell in a warehouse; told once each time that it becomes so."""

    subject: ClassVar[str] = "inventory.stock.low"
    aggregate: ClassVar[str] = "sku"

    sku: str
    warehouse: str
    available: int
    low_at: int


class QuotaWanted(Event, frozen=True, kw_only=True):
    """A region has little left of what it may sell of a SKU."""

    subject: ClassVar[str] = "inventory.quota.wanted"
    aggregate: ClassVar[str] = "sku"

    sku: str
    region: str
    quantity: int


class QuotaSent(Event, frozen=True, kw_only=True):
    """So much of a region's quota has left it for another."""

    subject: ClassVar[str] = "inventory.quota.sent"
    aggregate: ClassVar[str] = "transfer_id"

    transfer_id: UUID
    sku: str
    source: str
    target: str
    quantity: int


class QuotaReceived(Event, frozen=True, kw_only=True):
    """What was sent is there."""

    subject: ClassVar[str] = "inventory.quota.received"
    aggregate: ClassVar[str] = "transfer_id"

    transfer_id: UUID


class CheckoutEvent(Event, frozen=True, kw_only=True):
    """What the events of a checkout have in common."""

    aggregate: ClassVar[str] = "checkout_id"

    checkout_id: UUID
    reservation_id: UUID


class CheckoutStarted(CheckoutEvent, frozen=True, kw_only=True):
    """`payer_id` wants to pay for a reservation and needs it until `expires_at`."""

    subject: ClassVar[str] = "payments.checkout.started"

    payer_id: str
    expires_at: datetime


class CheckoutAuthorised(CheckoutEvent, frozen=True, kw_only=True):
    """The money is there for the taking."""

    subject: ClassVar[str] = "payments.checkout.authorised"


class CheckoutFailed(CheckoutEvent, frozen=True, kw_only=True):
    """The checkout comes to nothing, however far it was."""

    subject: ClassVar[str] = "payments.checkout.failed"
