"""Writing down what came of an attempt: its row, the payment's next event, what others are told, in one transaction."""

from datetime import timedelta
from random import uniform
from typing import Final

from common.database import Transaction
from common.failpoints import failpoint
from subgraphs.payments.domain.attempts import Attempt, AttemptState, Operation
from subgraphs.payments.domain.history import (
    ActionDemanded,
    Authorised,
    Captured,
    Declined,
    Happening,
    Refunded,
    Voided,
)
from subgraphs.payments.domain.payments import Payment, PaymentState
from subgraphs.payments.domain.postings import fee_of
from subgraphs.payments.events.payments import PaymentCaptured, PaymentDeclined, PaymentEvent, PaymentRefunded
from subgraphs.payments.provider import port
from subgraphs.payments.service.operations import AttemptOutcome, OnOutcome, happen
from subgraphs.payments.store import attempts
from subgraphs.payments.store import payments as store
from subgraphs.payments.store.attempts import Claim

FIRST_DELAY: Final = timedelta(seconds=0.5)
MAX_DELAY: Final = timedelta(minutes=5)


async def record(
    transaction: Transaction, claimed: Claim, outcome: port.Outcome, on_outcome: OnOutcome
) -> None:
    """Write `outcome` down; nothing when the attempt is another's by now. What is unknown stays to be asked about."""
    attempt = await _write(transaction, claimed, outcome)
    if attempt is None or isinstance(outcome, port.Unknown):
        return
    failpoint("payments.record.after_attempt")
    payment = await store.lock(transaction, attempt.payment_id)
    assert payment is not None, "an attempt is one of a payment"
    event = _event(attempt, outcome)
    if isinstance(event, ActionDemanded) and payment.action_url == event.url:
        return
    payment = await happen(transaction, payment, [event])
    await _publish(transaction, payment, event)
    await on_outcome(transaction, AttemptOutcome(attempt, payment))
    failpoint("payments.record.before_commit")


def backoff(tries: int) -> timedelta:
    """How long to wait before asking again: anything up to twice as long each time, so that not all ask at once."""
    most = min(MAX_DELAY, FIRST_DELAY * 2 ** min(tries, 20))
    return timedelta(seconds=uniform(0.1, 1) * most.total_seconds())  # noqa: S311 - no secret


async def _write(transaction: Transaction, claimed: Claim, outcome: port.Outcome) -> Attempt | None:
    delay = backoff(claimed.attempt.tries)
    match outcome:
        case port.Succeeded(reference):
            return await attempts.record(transaction, claimed, AttemptState.SUCCEEDED, reference=reference)
        case port.Declined(code, message):
            return await attempts.record(
                transaction, claimed, AttemptState.DECLINED, code=code, message=message
            )
        case port.ActionRequired(url, reference):
            state = AttemptState.ACTION_REQUIRED
            return await attempts.record(
                transaction, claimed, state, delay=delay, url=url, reference=reference
            )
        case port.Unknown(reason):
            state = AttemptState.UNKNOWN
            return await attempts.record(transaction, claimed, state, delay=delay, message=reason)


def _event(attempt: Attempt, outcome: port.Succeeded | port.Declined | port.ActionRequired) -> Happening:
    key = attempt.effect_key
    match outcome:
        case port.Succeeded(reference):
            return _success(attempt, reference)
        case port.Declined(code, message):
            return Declined(effect_key=key, operation=attempt.operation, code=code, message=message)
        case port.ActionRequired(url, reference):
            return ActionDemanded(effect_key=key, url=url, reference=reference)


def _success(attempt: Attempt, reference: str) -> Happening:
    key, amount = attempt.effect_key, attempt.amount.amount
    match attempt.operation:
        case Operation.AUTHORISE:
            return Authorised(effect_key=key, amount=amount, reference=reference)
        case Operation.CAPTURE:
            fee = fee_of(attempt.method.provider, amount)
            return Captured(
                effect_key=key, amount=amount, fee=fee, reference=reference, is_last=attempt.is_last
            )
        case Operation.VOID:
            return Voided(effect_key=key, reference=reference)
        case Operation.REFUND:
            return Refunded(effect_key=key, amount=amount, reference=reference)


async def _publish(transaction: Transaction, payment: Payment, event: Happening) -> None:
    match event:
        case Captured(amount=amount):
            await transaction.publish(_told(PaymentCaptured, payment, amount))
        case Refunded(amount=amount):
            await transaction.publish(_told(PaymentRefunded, payment, amount))
        case Declined() if payment.state is PaymentState.DECLINED and payment.refusal is not None:
            reason = payment.refusal.code
            await transaction.publish(_told(PaymentDeclined, payment, payment.amount.amount, reason=reason))


def _told(kind: type[PaymentEvent], payment: Payment, amount: int, **more: str) -> PaymentEvent:
    return kind(
        payment_id=payment.id,
        reservation_id=payment.reservation_id,
        payer_id=payment.payer_id,
        amount=amount,
        currency=payment.amount.currency,
        **more,
    )
