"""The events that inventory publishes, and those of payments that it consumes.

The subjects are the contract between services; each service declares for itself the fields that it reads.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from common.events import Event


class ReservationHeld(Event, frozen=True, kw_only=True):
    """Pieces are held for `owner_id`; `total_amount` (minor units) is due until `expires_at`."""

    subject: ClassVar[str] = "inventory.reservation.held"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    owner_id: str
    product_id: UUID
    sku: str
    quantity: int
    total_amount: int
    currency: str
    expires_at: datetime


class ReservationEnded(Event, frozen=True, kw_only=True):
    """What the three ends of a reservation have in common."""

    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    owner_id: str
    product_id: UUID
    quantity: int


class ReservationCommitted(ReservationEnded, frozen=True, kw_only=True):
    """The reservation is paid: its pieces are sold."""

    subject: ClassVar[str] = "inventory.reservation.committed"


class ReservationReleased(ReservationEnded, frozen=True, kw_only=True):
    """The owner gave the pieces back, or the payment was declined."""

    subject: ClassVar[str] = "inventory.reservation.released"


class ReservationExpired(ReservationEnded, frozen=True, kw_only=True):
    """The hold ran out."""

    subject: ClassVar[str] = "inventory.reservation.expired"


class ReservationUnfulfilled(Event, frozen=True, kw_only=True):
    """A payment was captured for a reservation that had already ended in `state`: the money is to go back."""

    subject: ClassVar[str] = "inventory.reservation.unfulfilled"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    payment_id: UUID
    state: str


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """Payments took the money for a reservation."""

    subject: ClassVar[str] = "payments.payment.captured"
    aggregate: ClassVar[str] = "payment_id"

    payment_id: UUID
    reservation_id: UUID


class PaymentDeclined(Event, frozen=True, kw_only=True):
    """Payments could not take the money for a reservation."""

    subject: ClassVar[str] = "payments.payment.declined"
    aggregate: ClassVar[str] = "payment_id"

    payment_id: UUID
    reservation_id: UUID
