"""What the provider's books say of each charge and refund: the amount, its fee, and what is left."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

FEE_PER_THOUSAND = 15


class EntryKind(StrEnum):
    """AUTHORISED, DECLINED and CANCELED move no money; they are in the log, not in the report."""

    AUTHORISED = "authorised"
    DECLINED = "declined"
    CANCELED = "canceled"
    CHARGE = "charge"
    REFUND = "refund"


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the log. `amount` and `fee` are minor units of `currency`; a refund's amount is below zero.

    `source_id` is the intent, the charge or the refund; `reference` is the merchant's own.
    """

    id: int
    kind: EntryKind
    intent_id: str
    source_id: str
    amount: int
    fee: int
    currency: str
    reference: str
    created_at: datetime


def fee_of(amount: int) -> int:
    """What capturing `amount` costs: 1.5 %, rounded to the nearer cent."""
    return (amount * FEE_PER_THOUSAND + 500) // 1000
