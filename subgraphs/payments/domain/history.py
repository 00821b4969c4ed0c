"""What can happen to a payment: the events of its history, from which everything else about it follows.

Here are those of its operations, which we ask a provider for; what banks ask is in `disputes`. They are facts for this service alone. What others are told are events of their own (`events/payments.py`).
"""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from subgraphs.payments.domain.attempts import Operation, PaymentMethod
from subgraphs.payments.domain.disputes import DisputeHappening
from subgraphs.payments.domain.money import Money


class Created(Struct, frozen=True, kw_only=True):
    """`payer_id` is to pay `amount` by `method`."""

    payer_id: str
    amount: Money
    method: PaymentMethod
    reservation_id: UUID | None = None


class Requested(Struct, frozen=True, kw_only=True):
    """An operation was asked of the provider; `amount` is kept free for it until it has ended.

    A capture that is not `is_last` leaves the rest of the authorisation for more captures.
    """

    effect_key: str
    operation: Operation
    amount: int
    is_last: bool = True


class ActionDemanded(Struct, frozen=True, kw_only=True):
    """The payer must act at `url` before the provider decides; `reference` is the authorisation to be."""

    effect_key: str
    url: str
    reference: str


class Authorised(Struct, frozen=True, kw_only=True):
    """The provider set the amount aside; `reference` is its name for that."""

    effect_key: str
    amount: int
    reference: str


class Captured(Struct, frozen=True, kw_only=True):
    """The provider took `amount`, of which `fee` is its price."""

    effect_key: str
    amount: int
    fee: int
    reference: str
    is_last: bool = True


class Voided(Struct, frozen=True, kw_only=True):
    """The provider let go what was left."""

    effect_key: str
    reference: str


class Refunded(Struct, frozen=True, kw_only=True):
    """The provider gave `amount` back."""

    effect_key: str
    amount: int
    reference: str


class Declined(Struct, frozen=True, kw_only=True):
    """The provider did not do what it was asked for, and will not."""

    effect_key: str
    operation: Operation
    code: str
    message: str


Happening: TypeAlias = (
    Created
    | Requested
    | ActionDemanded
    | Authorised
    | Captured
    | Voided
    | Refunded
    | Declined
    | DisputeHappening
)


class Happened(Struct, frozen=True):
    """An event in its place; `at` is the time of the transaction that appended it."""

    version: int
    event: Happening
    at: datetime
