"""A payment: what it is, and what is still to be paid."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from subgraphs.payments.domain.money import Money

WALLET_GRACE = timedelta(seconds=10)
"""How long a payment waits for a payer who has no wallet yet, and may be just about to open one."""


class PaymentState(StrEnum):
    """A payment is decided once, CAPTURED or DECLINED; it is PENDING before only while its payer has no wallet."""

    PENDING = "PENDING"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    REFUNDED = "REFUNDED"


class DeclineReason(StrEnum):
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    NO_WALLET = "NO_WALLET"
    RESERVATION_EXPIRED = "RESERVATION_EXPIRED"


class Payment(Struct, frozen=True, kw_only=True):
    """The one payment of a reservation. `decline_reason` is there when it is DECLINED."""

    id: UUID
    reservation_id: UUID
    payer_id: str
    amount: Money
    state: PaymentState
    decline_reason: DeclineReason | None
    created_at: datetime


def amount_due(total: Money, payment: Payment | None) -> Money:
    """What is still to be paid of `total`: all of it until the payment is decided, then nothing.

    A payment that was declined or refunded ends its reservation, for which nothing is due any more.
    """
    is_decided = payment is not None and payment.state is not PaymentState.PENDING
    return Money(0, total.currency) if is_decided else total
