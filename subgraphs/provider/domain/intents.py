"""A payment intent: set aside, then captured or cancelled once; what was captured can be refunded."""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from subgraphs.provider.domain.methods import METHODS
from subgraphs.provider.errors import ApiError

AUTHENTICATION_FAILED: Final = "authentication_failed"


class Status(StrEnum):
    """The names are Stripe's."""

    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class Intent(Struct, frozen=True, kw_only=True):
    """Amounts are in minor units. `challenge` is the secret in the URL of its 3-D Secure page."""

    id: str
    amount: int
    currency: str
    created: int
    challenge: str
    status: Status = Status.REQUIRES_CONFIRMATION
    payment_method: str | None = None
    amount_captured: int = 0
    amount_refunded: int = 0
    decline: str | None = None
    return_url: str | None = None
    metadata: dict[str, str] = {}

    @property
    def charge_id(self) -> str:
        return self.id.replace("pi_", "ch_", 1)


class Refund(Struct, frozen=True, kw_only=True):
    id: str
    intent_id: str
    amount: int
    currency: str
    created: int
    metadata: dict[str, str] = {}


def confirm(intent: Intent, payment_method: str | None) -> Intent:
    """Ask the card: the amount is set aside, refused, or waits for the payer."""
    _expect(intent, "confirm", Status.REQUIRES_CONFIRMATION, Status.REQUIRES_PAYMENT_METHOD)
    name = payment_method or intent.payment_method
    method = METHODS.get(name or "")
    if method is None:
        raise ApiError(400, "resource_missing", f"No such PaymentMethod: {name!r}", param="payment_method")
    chosen = msgspec.structs.replace(intent, payment_method=name, decline=None)
    if method.decline is not None:
        return _declined(chosen, method.decline)
    status = Status.REQUIRES_ACTION if method.is_challenged else Status.REQUIRES_CAPTURE
    return msgspec.structs.replace(chosen, status=status)


def answer_challenge(intent: Intent, *, is_approved: bool) -> Intent:
    """The payer has answered 3-D Secure; an answer that comes when nothing is asked changes nothing."""
    if intent.status is not Status.REQUIRES_ACTION:
        return intent
    if not is_approved:
        return _declined(intent, AUTHENTICATION_FAILED)
    return msgspec.structs.replace(intent, status=Status.REQUIRES_CAPTURE)


def capture(intent: Intent, amount: int | None) -> Intent:
    """Take `amount`, all of it by default; what is left is let go."""
    _expect(intent, "capture", Status.REQUIRES_CAPTURE)
    taken = intent.amount if amount is None else amount
    if taken > intent.amount:
        raise ApiError(
            400, "amount_too_large", f"Only {intent.amount} can be captured", param="amount_to_capture"
        )
    return msgspec.structs.replace(intent, status=Status.SUCCEEDED, amount_captured=taken)


def cancel(intent: Intent) -> Intent:
    """Let go what was set aside, or stop what has not come so far."""
    open_ = [status for status in Status if status not in {Status.SUCCEEDED, Status.CANCELED}]
    _expect(intent, "cancel", *open_)
    return msgspec.structs.replace(intent, status=Status.CANCELED)


def refund(intent: Intent, amount: int | None) -> tuple[Intent, int]:
    """Give `amount` back, by default all that is left of what was captured; the intent and how much it was."""
    _expect(intent, "refund", Status.SUCCEEDED)
    left = intent.amount_captured - intent.amount_refunded
    given = left if amount is None else amount
    if given > left or left == 0:
        raise ApiError(400, "charge_already_refunded", f"Only {left} can be refunded", param="amount")
    return msgspec.structs.replace(intent, amount_refunded=intent.amount_refunded + given), given


def _declined(intent: Intent, code: str) -> Intent:
    return msgspec.structs.replace(intent, status=Status.REQUIRES_PAYMENT_METHOD, decline=code)


def _expect(intent: Intent, verb: str, *statuses: Status) -> None:
    if intent.status not in statuses:
        message = f"You cannot {verb} this PaymentIntent because it has a status of {intent.status}."
        raise ApiError(400, "payment_intent_unexpected_state", message)
