"""The use cases of payments."""

from collections.abc import Sequence
from typing import Any

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_page
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import DeclineReason, Payment, PaymentState
from subgraphs.payments.events.payments import (
    PaymentCaptured,
    PaymentDecided,
    PaymentDeclined,
    PaymentRefunded,
)
from subgraphs.payments.events.reservations import ReservationHeld, ReservationUnfulfilled
from subgraphs.payments.store import payments as store
from subgraphs.payments.store import wallets


class Payments:
    """What was paid, by whom and for what."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: str, values: Sequence[Any]) -> dict[Any, Payment]:
        """The payments whose `key` ("id" or "reservation_id") is among `values`, by it."""
        async with self._database.transaction() as transaction:
            return await store.find_payments(transaction, key, values)

    async def list_for(self, payer_ids: Sequence[str], first: int) -> dict[str, list[Payment]]:
        """The newest `first` payments of each payer. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_payments(transaction, payer_ids, check_page(first))

    async def decide_pending(self) -> None:
        """Decide the payments whose payers have a wallet by now, or had time enough to open one."""
        last = None
        while True:
            async with self._database.transaction() as transaction:
                undecided = await store.next_pending(transaction, last)
                if undecided is None:
                    return
                await _decide(transaction, undecided)
            last = undecided.payment.id


async def on_reservation_held(transaction: Transaction, event: ReservationHeld) -> None:
    """Make the one payment of the reservation, and decide it unless the payer has no wallet yet."""
    new = await store.add_payment(
        transaction,
        reservation_id=event.reservation_id,
        payer_id=event.owner_id,
        money=Money(event.total_amount, event.currency),
        expires_at=event.expires_at,
    )
    if new is not None:
        await _decide(transaction, new)


async def on_reservation_unfulfilled(transaction: Transaction, event: ReservationUnfulfilled) -> None:
    """Give the money of the payment back, once."""
    refunded = await store.mark_refunded(transaction, event.payment_id)
    if refunded is None:
        if not await store.find_payments(transaction, "id", [event.payment_id]):
            raise LookupError(f"no payment {event.payment_id}")
        return
    given = await wallets.give_back(transaction, refunded)
    assert given, "a captured payment came out of a wallet, and wallets are never closed"
    await transaction.publish(PaymentRefunded(**_facts(refunded)))
    failpoint("payments.refund.before_commit")


async def _decide(transaction: Transaction, undecided: store.Undecided) -> None:
    """Take the money or decline; leave it undecided while there is no wallet and time to wait for one."""
    paid = undecided.payment
    reason = await _obstacle(transaction, undecided)
    failpoint("payments.decide.after_transfer")
    if reason is DeclineReason.NO_WALLET and not undecided.has_waited:
        return
    state = PaymentState.DECLINED if reason else PaymentState.CAPTURED
    await transaction.publish(_decision(await store.decide(transaction, paid.id, state, reason)))
    failpoint("payments.decide.before_commit")


async def _obstacle(transaction: Transaction, undecided: store.Undecided) -> DeclineReason | None:
    """Take the money, or tell why not."""
    paid = undecided.payment
    if undecided.is_late:
        return DeclineReason.RESERVATION_EXPIRED
    if await wallets.take(transaction, paid):
        return None
    has_wallet = await wallets.find_wallets(transaction, "owner_id", [paid.payer_id])
    return DeclineReason.INSUFFICIENT_FUNDS if has_wallet else DeclineReason.NO_WALLET


def _decision(payment: Payment) -> PaymentDecided:
    if payment.decline_reason is None:
        return PaymentCaptured(**_facts(payment))
    return PaymentDeclined(**_facts(payment), reason=payment.decline_reason)


def _facts(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "reservation_id": payment.reservation_id,
        "payer_id": payment.payer_id,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
    }
