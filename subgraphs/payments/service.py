"""The use cases of payments; each call is one transaction, each event's effect is part of its consumer's."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key, check_page
from subgraphs.payments import store
from subgraphs.payments.domain import (
    CURRENCY,
    MAX_BALANCE,
    DeclineReason,
    Money,
    Payment,
    PaymentState,
    Wallet,
    WalletLimit,
    check_top_up,
)
from subgraphs.payments.events import (
    PaymentCaptured,
    PaymentDecided,
    PaymentDeclined,
    PaymentRefunded,
    ReservationHeld,
    ReservationUnfulfilled,
)


class _TopUpRequest(Struct, frozen=True):
    amount: int


class _TopUpReceipt(Struct, frozen=True):
    """What is remembered under an idempotency key."""

    is_done: bool


class Payments:
    """The money of the house and of its customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_wallets(self, key: str, values: Sequence[Any]) -> dict[Any, Wallet]:
        """The wallets whose `key` ("id" or "owner_id") is among `values`, by it."""
        async with self._database.transaction() as transaction:
            return await store.find_wallets(transaction, key, values)

    async def find_payments(self, key: str, values: Sequence[Any]) -> dict[Any, Payment]:
        """The payments whose `key` ("id" or "reservation_id") is among `values`, by it."""
        async with self._database.transaction() as transaction:
            return await store.find_payments(transaction, key, values)

    async def list_payments(self, payer_ids: Sequence[str], first: int) -> dict[str, list[Payment]]:
        """The newest `first` payments of each payer. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_payments(transaction, payer_ids, check_page(first))

    async def top_up(self, owner_id: str, amount: int, idempotency_key: str) -> Wallet | WalletLimit:
        """Put `amount` (minor units) into the wallet, which is opened by it; once for each key of an owner.

        Raises:
            InvalidInputError: the amount or the key cannot be one.
            IdempotencyMismatch: the key was used for another request.
        """
        request, key = _TopUpRequest(check_top_up(amount)), check_idempotency_key(idempotency_key)
        async with self._database.transaction() as transaction:
            receipt = await idempotency.once(
                transaction,
                scope=f"topUpWallet:{owner_id}",
                key=key,
                request=request,
                run=lambda: _top_up(transaction, owner_id, request),
                result=_TopUpReceipt,
            )
            failpoint("payments.top_up.before_commit")
            if not receipt.is_done:
                return WalletLimit(Money(MAX_BALANCE, CURRENCY))
            return (await store.find_wallets(transaction, "owner_id", [owner_id]))[owner_id]

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
    given = await store.give_back(transaction, refunded)
    assert given, "a captured payment came out of a wallet, and wallets are never closed"
    await transaction.publish(PaymentRefunded(**_facts(refunded)))
    failpoint("payments.refund.before_commit")


async def _top_up(transaction: Transaction, owner_id: str, request: _TopUpRequest) -> _TopUpReceipt:
    await store.open_wallet(transaction, owner_id)
    return _TopUpReceipt(await store.top_up(transaction, owner_id, request.amount))


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
    if await store.take(transaction, paid):
        return None
    has_wallet = await store.find_wallets(transaction, "owner_id", [paid.payer_id])
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
