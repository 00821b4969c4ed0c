"""What may be done with a payment, as part of the caller's own transaction; and who is told what came of it.

Each operation appends to the payment's history and writes an attempt, which the runner takes to the provider after the commit.
When the provider has answered, the runner records the outcome, appends to the history, posts to the ledger and calls
`OnOutcome`: all in one transaction, fenced, once for each attempt.
"""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from msgspec import Struct

from common.database import Transaction
from common.failpoints import failpoint
from common.idempotency import IdempotencyMismatch
from common.ledger import create_accounts, create_transfers
from subgraphs.payments.domain import commands, disputes
from subgraphs.payments.domain.accounts import house_accounts
from subgraphs.payments.domain.attempts import Attempt, Operation, PaymentMethod
from subgraphs.payments.domain.history import Created, Happening, Requested
from subgraphs.payments.domain.money import Money, check_money
from subgraphs.payments.domain.payments import Payment, apply
from subgraphs.payments.domain.payments import begin as begin_payment
from subgraphs.payments.domain.postings import postings
from subgraphs.payments.errors import UnknownPaymentError
from subgraphs.payments.store import attempts, history
from subgraphs.payments.store import payments as store
from subgraphs.payments.store.history import VersionConflictError


class AttemptOutcome(Struct, frozen=True):
    """What came of an attempt, whose state is SUCCEEDED, DECLINED or ACTION_REQUIRED; `payment` has its event already."""

    attempt: Attempt
    payment: Payment


OnOutcome = Callable[[Transaction, AttemptOutcome], Awaitable[None]]
"""Called by the runner in the transaction that records the outcome; what it raises rolls the whole back, to be tried again.

It is called for every attempt, whoever asked for it, and may ask for more operations in the same transaction.
"""


class Operations:
    """Asking again with the same `key` (of this payment and operation) has no further effect and gives the payment.

    All raise UnknownPaymentError where there is no such payment, and IdempotencyMismatch when a key was used for another
    amount.
    """

    async def begin(
        self,
        transaction: Transaction,
        payment_id: UUID,
        *,
        payer_id: str,
        amount: Money,
        method: PaymentMethod,
        reservation_id: UUID | None = None,
    ) -> Payment:
        """Make the payment, unless it is there, and ask for its authorisation.

        Raises:
            InvalidInputError: the amount is none, or of no currency.
        """
        known = await store.lock(transaction, payment_id)
        if known is not None:
            return known
        await create_accounts(transaction, house_accounts(check_money(amount).currency))
        created = Created(payer_id=payer_id, amount=amount, method=method, reservation_id=reservation_id)
        try:
            at = await history.append(transaction, payment_id, 1, [created])
        except VersionConflictError:  # another call was faster, and has committed by now
            return await _locked(transaction, payment_id)
        payment = begin_payment(payment_id, created, at)
        wanted = Requested(
            effect_key=_effect_key(payment_id, Operation.AUTHORISE, "0"),
            operation=Operation.AUTHORISE,
            amount=amount.amount,
        )
        return await self._ask(transaction, payment, wanted)

    async def capture(
        self,
        transaction: Transaction,
        payment_id: UUID,
        *,
        key: str,
        amount: int | None = None,
        is_last: bool = True,
    ) -> Payment:
        """Take `amount` (minor units), or all that is left, of what was authorised; the last capture lets the rest go.

        Raises:
            NotPossibleError: so much is not left, or the provider takes what it takes at once.
        """
        payment = await _locked(transaction, payment_id)
        effect_key = _effect_key(payment_id, Operation.CAPTURE, key)
        if _is_known(payment, effect_key, amount):
            return payment
        wanted = commands.capture(payment, effect_key, amount, is_last=is_last)
        return await self._ask(transaction, payment, wanted)

    async def void(self, transaction: Transaction, payment_id: UUID, *, key: str) -> Payment:
        """Let go what was authorised, or still waits for the payer.

        Raises:
            NotPossibleError: nothing is left, or some of it was captured.
        """
        payment = await _locked(transaction, payment_id)
        effect_key = _effect_key(payment_id, Operation.VOID, key)
        if _is_known(payment, effect_key, None):
            return payment
        return await self._ask(transaction, payment, commands.void(payment, effect_key))

    async def refund(
        self, transaction: Transaction, payment_id: UUID, *, key: str, amount: int | None = None
    ) -> Payment:
        """Give `amount` (minor units), or all that is left, of what was captured back.

        Raises:
            NotPossibleError: so much is not left.
        """
        payment = await _locked(transaction, payment_id)
        effect_key = _effect_key(payment_id, Operation.REFUND, key)
        if _is_known(payment, effect_key, amount):
            return payment
        return await self._ask(transaction, payment, commands.refund(payment, effect_key, amount))

    async def hasten(self, transaction: Transaction, effect_key: str) -> bool:
        """Ask the provider about the attempt now: what a webhook tells is a reason to look, never the truth itself.

        False when there is no such attempt, it has ended, or it is with the provider this moment.
        """
        return await attempts.hasten(transaction, effect_key)

    async def dispute(
        self, transaction: Transaction, payment_id: UUID, *, dispute_id: str, amount: int, reason: str
    ) -> Payment:
        """The payer's bank asks `amount` back; it is set aside until the dispute is won or lost. Once for a `dispute_id`.

        Raises:
            NotPossibleError: so much was not captured.
        """
        payment = await _locked(transaction, payment_id)
        event = disputes.dispute(payment.disputes, dispute_id, amount, reason, captured=payment.captured)
        return payment if event is None else await happen(transaction, payment, [event])

    async def close_dispute(
        self, transaction: Transaction, payment_id: UUID, *, dispute_id: str, won: bool
    ) -> Payment:
        """What was set aside is the merchant's again, or gone. Once for a `dispute_id`.

        Raises:
            NotPossibleError: there is no such dispute, or it ended the other way.
        """
        payment = await _locked(transaction, payment_id)
        event = disputes.close(payment.disputes, dispute_id, won=won)
        return payment if event is None else await happen(transaction, payment, [event])

    async def _ask(self, transaction: Transaction, payment: Payment, wanted: Requested) -> Payment:
        await attempts.add(
            transaction,
            payment_id=payment.id,
            operation=wanted.operation,
            effect_key=wanted.effect_key,
            method=payment.method,
            amount=Money(wanted.amount, payment.amount.currency),
            is_last=wanted.is_last,
            authorisation=payment.authorisation,
        )
        failpoint("payments.ask.after_attempt")
        return await happen(transaction, payment, [wanted])


async def happen(transaction: Transaction, payment: Payment, events: Sequence[Happening]) -> Payment:
    """Append the events to the payment's history and post what they mean; the payment after them.

    Raises:
        VersionConflictError: somebody else has appended since the payment was read.
    """
    await history.append(transaction, payment.id, payment.version + 1, events)
    failpoint("payments.happen.after_append")
    for event in events:
        results = await create_transfers(transaction, postings(payment, event))
        assert all(result.is_done for result in results), f"{event} of {payment.id} was posted: {results}"
        payment = apply(payment, event)
    failpoint("payments.happen.after_posting")
    await store.save(transaction, payment)
    transaction.changed("payment", str(payment.id))
    return payment


async def _locked(transaction: Transaction, payment_id: UUID) -> Payment:
    payment = await store.lock(transaction, payment_id)
    if payment is None:
        raise UnknownPaymentError(f"There is no payment {payment_id}")
    return payment


def _effect_key(payment_id: UUID, operation: Operation, key: str) -> str:
    return f"{payment_id}:{operation.lower()}:{key}"


def _is_known(payment: Payment, effect_key: str, amount: int | None) -> bool:
    known = payment.requests.get(effect_key)
    if known is not None and amount is not None and amount != known.amount:
        raise IdempotencyMismatch("This key was used for another amount", key=effect_key)
    return known is not None
