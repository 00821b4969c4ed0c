"""The events that payments publishes, and those of inventory that it consumes.

The subjects are the contract between services; each service declares for itself the fields that it reads.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from common.events import Event


class ReservationHeld(Event, frozen=True, kw_only=True):
    """Inventory holds pieces for `owner_id`, who owes `total_amount` (minor units) until `expires_at`."""

    subject: ClassVar[str] = "inventory.reservation.held"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    owner_id: str
    total_amount: int
    currency: str
    expires_at: datetime


class ReservationUnfulfilled(Event, frozen=True, kw_only=True):
    """Inventory cannot hand out what a payment was captured for: the money is to go back."""

    subject: ClassVar[str] = "inventory.reservation.unfulfilled"
    aggregate: ClassVar[str] = "reservation_id"

    reservation_id: UUID
    payment_id: UUID


class PaymentDecided(Event, frozen=True, kw_only=True):
    """What the outcomes of a payment have in common; `amount` is in minor units."""

    aggregate: ClassVar[str] = "payment_id"

    payment_id: UUID
    reservation_id: UUID
    payer_id: str
    amount: int
    currency: str


class PaymentCaptured(PaymentDecided, frozen=True, kw_only=True):
    """The money moved from the payer's wallet to the house."""

    subject: ClassVar[str] = "payments.payment.captured"


class PaymentDeclined(PaymentDecided, frozen=True, kw_only=True):
    """No money moved."""

    subject: ClassVar[str] = "payments.payment.declined"

    reason: str


class PaymentRefunded(PaymentDecided, frozen=True, kw_only=True):
    """The money moved back into the payer's wallet."""

    subject: ClassVar[str] = "payments.payment.refunded"
