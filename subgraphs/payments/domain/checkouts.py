"""A checkout: one attempt of somebody to pay for a reservation, and how far it has come. How it goes on is `checkout_steps`."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from subgraphs.payments.domain.attempts import PaymentMethod
from subgraphs.payments.domain.money import Money


class CheckoutState(StrEnum):
    """What a checkout waits for. COMPLETED and FAILED are its ends."""

    STARTED = "STARTED"
    AUTHORISING = "AUTHORISING"
    COMMITTING = "COMMITTING"
    CAPTURING = "CAPTURING"
    SHIPPING = "SHIPPING"
    COMPLETED = "COMPLETED"
    VOIDING = "VOIDING"
    RELEASING = "RELEASING"
    FAILED = "FAILED"


class FailureReason(StrEnum):
    """Why a checkout failed; the first reason that there was."""

    RESERVATION_NOT_FOUND = "RESERVATION_NOT_FOUND"
    RESERVATION_ENDED = "RESERVATION_ENDED"
    ALREADY_PAYING = "ALREADY_PAYING"
    DECLINED = "DECLINED"
    TIMED_OUT = "TIMED_OUT"


class Patience(Struct, frozen=True, kw_only=True):
    """How long a checkout waits: for inventory's answer, for the payer, and for the goods to be shipped before it asks again.

    Inventory is asked to keep the pieces for `pay` and `margin`, so that an authorisation of the last second still finds them.
    """

    answer: timedelta = timedelta(minutes=2)
    pay: timedelta = timedelta(minutes=15)
    margin: timedelta = timedelta(minutes=5)
    ship: timedelta = timedelta(minutes=10)


class Checkout(Struct, frozen=True, kw_only=True):
    """One attempt of `payer_id` to pay for a reservation. Its payment has the same id.

    `deadline` is until when the present state is waited in; None where there is no other way than to wait. `action_url` is
    where the payer must act now. `detail` is the provider's code when it DECLINED. `version` counts its changes from 1.
    """

    id: UUID
    reservation_id: UUID
    payer_id: str
    method: PaymentMethod
    state: CheckoutState = CheckoutState.STARTED
    amount: Money | None = None
    action_url: str | None = None
    failure: FailureReason | None = None
    detail: str | None = None
    deadline: datetime | None
    version: int = 1
    created_at: datetime

    @property
    def has_ended(self) -> bool:
        return self.state in {CheckoutState.COMPLETED, CheckoutState.FAILED}
