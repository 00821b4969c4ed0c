"""What payments consumes of inventory; the fields are those that it reads."""

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
