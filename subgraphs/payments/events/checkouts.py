"""What a checkout tells inventory, and what inventory answers."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from common.events import Event


class CheckoutEvent(Event, frozen=True, kw_only=True):
    """What the events of a checkout have in common."""

    aggregate: ClassVar[str] = "checkout_id"

    checkout_id: UUID
    reservation_id: UUID


class CheckoutStarted(CheckoutEvent, frozen=True, kw_only=True):
    """`payer_id` wants to pay for the reservation, and needs it until `expires_at`."""

    subject: ClassVar[str] = "payments.checkout.started"

    payer_id: str
    expires_at: datetime


class CheckoutAuthorised(CheckoutEvent, frozen=True, kw_only=True):
    """The money is set aside: the pieces are to be sold."""

    subject: ClassVar[str] = "payments.checkout.authorised"


class CheckoutFailed(CheckoutEvent, frozen=True, kw_only=True):
    """Nothing comes of it: the pieces are to go back, however far it was."""

    subject: ClassVar[str] = "payments.checkout.failed"

    reason: str


class ReservationPaying(Event, frozen=True, kw_only=True):
    """The pieces are kept for the checkout until `expires_at`; `total_amount` (minor units) is what they cost."""

    subject: ClassVar[str] = "inventory.reservation.paying"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID
    total_amount: int
    currency: str
    expires_at: datetime


class ReservationRefused(Event, frozen=True, kw_only=True):
    """The checkout cannot have the pieces, or cannot have them any more."""

    subject: ClassVar[str] = "inventory.reservation.refused"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID
    reason: str


class ReservationCommitted(Event, frozen=True, kw_only=True):
    """The pieces are sold."""

    subject: ClassVar[str] = "inventory.reservation.committed"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID | None = None


class ReservationReleased(Event, frozen=True, kw_only=True):
    """The pieces are on offer again. Without a `checkout_id` it was the owner who gave them back."""

    subject: ClassVar[str] = "inventory.reservation.released"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    checkout_id: UUID | None = None
