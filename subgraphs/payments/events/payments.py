"""What payments publishes of a payment."""

from typing import ClassVar
from uuid import UUID

from common.events import Event


class PaymentEvent(Event, frozen=True, kw_only=True):
    """What they have in common; `amount`, in minor units, is what moved or was declined."""

    aggregate: ClassVar[str] = "payment_id"

    payment_id: UUID
    reservation_id: UUID | None
    payer_id: str
    amount: int
    currency: str


class PaymentCaptured(PaymentEvent, frozen=True, kw_only=True):
    """The provider took the money, or a part of it."""

    subject: ClassVar[str] = "payments.payment.captured"


class PaymentDeclined(PaymentEvent, frozen=True, kw_only=True):
    """The provider refused to set the money aside; `reason` is its code."""

    subject: ClassVar[str] = "payments.payment.declined"

    reason: str


class PaymentRefunded(PaymentEvent, frozen=True, kw_only=True):
    """The provider gave the money, or a part of it, back."""

    subject: ClassVar[str] = "payments.payment.refunded"
