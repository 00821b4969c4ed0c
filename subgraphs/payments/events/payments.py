"""What payments publishes of a payment."""

from typing import ClassVar
from uuid import UUID

from common.events import Event


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
