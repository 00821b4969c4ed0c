"""What money, a wallet and a payment are, and which requests make sense: pure rules, no I/O."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError

CURRENCY = "EUR"
"""The currency of every wallet."""

MAX_TOP_UP = 1_000_000
"""Minor units put into a wallet at once: ten thousand euros."""

MAX_BALANCE = 100_000_000
"""Minor units that topping up may fill a wallet to: a million euros.

A refund may go above. A payment takes no more than a wallet has, so that every balance stays below twice this,
inside GraphQL's 32-bit Int.
"""


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


class AccountKind(StrEnum):
    """A user's WALLET; what the house earned, MERCHANT; the world that money comes from, BANK."""

    WALLET = "WALLET"
    MERCHANT = "MERCHANT"
    BANK = "BANK"


class TransferKind(StrEnum):
    TOP_UP = "TOP_UP"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"


class Money(Struct, frozen=True):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str


class Wallet(Struct, frozen=True, kw_only=True):
    id: UUID
    owner_id: str
    balance: Money


class Payment(Struct, frozen=True, kw_only=True):
    """The one payment of a reservation. `decline_reason` is there when it is DECLINED."""

    id: UUID
    reservation_id: UUID
    payer_id: str
    amount: Money
    state: PaymentState
    decline_reason: DeclineReason | None
    created_at: datetime


class WalletLimit(Struct, frozen=True):
    """The wallet would hold more than it may; nothing was moved."""

    limit: Money


def amount_due(total: Money, payment: Payment | None) -> Money:
    """What is still to be paid of `total`: all of it until the payment is decided, then nothing.

    A payment that was declined or refunded ends its reservation, for which nothing is due any more.
    """
    is_decided = payment is not None and payment.state is not PaymentState.PENDING
    return Money(0, total.currency) if is_decided else total


def check_top_up(amount: int) -> int:
    """Return `amount`, or raise InvalidInputError unless it is 1 to `MAX_TOP_UP` minor units."""
    if not 1 <= amount <= MAX_TOP_UP:
        raise InvalidInputError("amount", f"must be between 1 and {MAX_TOP_UP} minor units, not {amount}")
    return amount
