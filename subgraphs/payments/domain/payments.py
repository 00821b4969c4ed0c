"""A payment, as its history has made it: a pure fold, and which operations it allows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from subgraphs.payments.domain.attempts import Operation, PaymentMethod
from subgraphs.payments.domain.disputes import DisputeHappening, Disputes, DisputeState, after, disputed
from subgraphs.payments.domain.history import (
    ActionDemanded,
    Authorised,
    Captured,
    Created,
    Declined,
    Happening,
    Refunded,
    Requested,
    Voided,
)
from subgraphs.payments.domain.money import Money


class PaymentState(StrEnum):
    """Where a payment stands. DECLINED, VOIDED, REFUNDED and CHARGED_BACK are ends; a dispute may come even after REFUNDED.

    What was refused while it was being let go is PENDING until the void's own answer: VOIDED, in whatever order the two come.
    """

    PENDING = "PENDING"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    AUTHORISED = "AUTHORISED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    PARTIALLY_CAPTURED = "PARTIALLY_CAPTURED"
    CAPTURED = "CAPTURED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    DISPUTED = "DISPUTED"
    CHARGED_BACK = "CHARGED_BACK"


class Refusal(Struct, frozen=True):
    """Why the provider did not authorise; `code` stays the same for the same reason."""

    code: str
    message: str


class Payment(Struct, frozen=True, kw_only=True):
    """All amounts are minor units of the currency of `amount`; `refunded` <= `captured` <= `authorised` <= `amount`.

    `authorisation` is the provider's name for what it set aside. `requests` are all operations that were ever asked for by
    their effect keys, and `underway` the keys of those that have not ended. `is_closed`: nothing more can be captured.
    `hold` is the version of the event that set aside what is left to capture.
    """

    id: UUID
    version: int
    payer_id: str
    amount: Money
    method: PaymentMethod
    reservation_id: UUID | None
    created_at: datetime
    authorisation: str | None = None
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    fees: int = 0
    hold: int | None = None
    is_closed: bool = False
    refusal: Refusal | None = None
    action_url: str | None = None
    requests: Mapping[str, Requested] = {}
    underway: tuple[str, ...] = ()
    disputes: Disputes = {}

    @property
    def state(self) -> PaymentState:
        return _state(self)

    @property
    def capturable(self) -> int:
        """What may still be captured: nothing after a capture that lets the rest go."""
        if self.is_closed or self.asked_for(Operation.VOID) or self._is_last_asked_for:
            return 0
        return self.authorised - self.captured - self.asked_for(Operation.CAPTURE)

    @property
    def refundable(self) -> int:
        """What may still be refunded: not what a bank has asked back."""
        return self.captured - self.refunded - self.asked_for(Operation.REFUND) - self.disputed

    @property
    def disputed(self) -> int:
        """What a bank has asked back and not lost the dispute about."""
        return disputed(self.disputes)

    @property
    def _is_last_asked_for(self) -> bool:
        under_way = (self.requests[key] for key in self.underway)
        return any(each.operation is Operation.CAPTURE and each.is_last for each in under_way)

    def asked_for(self, operation: Operation) -> int:
        """The sum of what is under way by `operation`."""
        under_way = (self.requests[key] for key in self.underway)
        return sum(each.amount for each in under_way if each.operation is operation)


def begin(payment_id: UUID, created: Created, at: datetime) -> Payment:
    """The payment after the first event of its history."""
    return Payment(
        id=payment_id,
        version=1,
        payer_id=created.payer_id,
        amount=created.amount,
        method=created.method,
        reservation_id=created.reservation_id,
        created_at=at,
    )


def apply(payment: Payment, event: Happening) -> Payment:
    """The payment after the next event."""
    return replace(_APPLY[type(event)](payment, event), version=payment.version + 1)


def fold(payment_id: UUID, history: Iterable[Happening], at: datetime) -> Payment:
    """The payment that a whole history makes; `at` is when it began."""
    events = iter(history)
    created = next(events)
    assert isinstance(created, Created), "a history begins with Created"
    payment = begin(payment_id, created, at)
    for event in events:
        payment = apply(payment, event)
    return payment


def amount_due(total: Money, payment: Payment | None) -> Money:
    """What is still to be paid of `total`: all of it until the payment is decided, then nothing.

    A payment that was declined or refunded ends its reservation, for which nothing is due any more.
    """
    is_open = payment is None or payment.state in {PaymentState.PENDING, PaymentState.ACTION_REQUIRED}
    return total if is_open else Money(0, total.currency)


def _request(payment: Payment, event: Requested) -> Payment:
    return replace(
        payment,
        requests={**payment.requests, event.effect_key: event},
        underway=(*payment.underway, event.effect_key),
    )


def _demand_action(payment: Payment, event: ActionDemanded) -> Payment:
    url = None if payment.is_closed else event.url
    return replace(payment, action_url=url, authorisation=event.reference)


def _authorise(payment: Payment, event: Authorised) -> Payment:
    """What is closed was let go after the provider said this: nothing is set aside any more."""
    return replace(
        _settle(payment, event.effect_key),
        authorised=event.amount,
        authorisation=event.reference,
        action_url=None,
        hold=None if payment.is_closed else payment.version + 1,
    )


def _capture(payment: Payment, event: Captured) -> Payment:
    captured = payment.captured + event.amount
    is_closed = event.is_last or captured == payment.authorised
    return replace(
        _settle(payment, event.effect_key),
        captured=captured,
        fees=payment.fees + event.fee,
        hold=None if is_closed else payment.version + 1,
        is_closed=is_closed,
    )


def _void(payment: Payment, event: Voided) -> Payment:
    """A refusal that was written down before is what became of the authorisation by this."""
    done = _settle(payment, event.effect_key)
    return replace(done, hold=None, is_closed=True, refusal=None, action_url=None)


def _refund(payment: Payment, event: Refunded) -> Payment:
    return replace(_settle(payment, event.effect_key), refunded=payment.refunded + event.amount)


def _decline(payment: Payment, event: Declined) -> Payment:
    done = _settle(payment, event.effect_key)
    if event.operation is not Operation.AUTHORISE or payment.is_closed:
        return done
    return replace(done, refusal=Refusal(event.code, event.message), is_closed=True, action_url=None)


def _dispute(payment: Payment, event: DisputeHappening) -> Payment:
    return replace(payment, disputes=after(payment.disputes, event))


def _settle(payment: Payment, effect_key: str) -> Payment:
    return replace(payment, underway=tuple(key for key in payment.underway if key != effect_key))


_APPLY: Final[Mapping[type, Callable[[Payment, Any], Payment]]] = {
    Requested: _request,
    ActionDemanded: _demand_action,
    Authorised: _authorise,
    Captured: _capture,
    Voided: _void,
    Refunded: _refund,
    Declined: _decline,
    **dict.fromkeys(get_args(DisputeHappening), _dispute),
}


def _state(payment: Payment) -> PaymentState:
    states = {dispute.state for dispute in payment.disputes.values()}
    if DisputeState.OPENED in states:
        return PaymentState.DISPUTED
    if DisputeState.LOST in states:
        return PaymentState.CHARGED_BACK
    if payment.refunded:
        is_whole = payment.refunded == payment.captured
        return PaymentState.REFUNDED if is_whole else PaymentState.PARTIALLY_REFUNDED
    if payment.captured:
        return PaymentState.CAPTURED if payment.is_closed else PaymentState.PARTIALLY_CAPTURED
    return _uncaptured(payment)


def _uncaptured(payment: Payment) -> PaymentState:
    if payment.refusal is not None:
        is_being_voided = payment.asked_for(Operation.VOID) > 0
        return PaymentState.PENDING if is_being_voided else PaymentState.DECLINED
    if payment.is_closed:
        return PaymentState.VOIDED
    if payment.authorised:
        return PaymentState.AUTHORISED
    return PaymentState.ACTION_REQUIRED if payment.action_url else PaymentState.PENDING
