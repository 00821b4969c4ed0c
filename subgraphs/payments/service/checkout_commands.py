"""What a checkout asks for, as rows in the transaction that moves it on: events in the outbox, attempts, jobs.

Nothing here speaks to anybody: the relay, the runner of provider operations and the jobs' workers do, after the commit.
"""

from common.database import Transaction
from common.jobs import enqueue
from subgraphs.payments.domain.attempts import Operation
from subgraphs.payments.domain.checkout_messages import (
    Answered,
    Authorise,
    Capture,
    Command,
    Ship,
    TellAuthorised,
    TellFailed,
    TellStarted,
    Void,
)
from subgraphs.payments.domain.checkouts import Checkout
from subgraphs.payments.domain.money import Money
from subgraphs.payments.errors import NotPossibleError
from subgraphs.payments.events.checkouts import CheckoutAuthorised, CheckoutFailed, CheckoutStarted
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.shipping import ship_order

KEY = "checkout"
"""Each operation is asked for once for a checkout's payment."""


class CheckoutCommands:
    """Carries them out by `operations`, the outbox and the queue of jobs."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def carry_out(
        self, transaction: Transaction, checkout: Checkout, command: Command
    ) -> Answered | None:
        """Write down what is asked for; the answer, where there is one at once: the payment does not allow it."""
        about = {"checkout_id": checkout.id, "reservation_id": checkout.reservation_id}
        match command:
            case TellStarted(expires_at):
                started = CheckoutStarted(**about, payer_id=checkout.payer_id, expires_at=expires_at)
                await transaction.publish(started)
            case TellAuthorised():
                await transaction.publish(CheckoutAuthorised(**about))
            case TellFailed(reason):
                await transaction.publish(CheckoutFailed(**about, reason=reason))
            case Ship():
                await enqueue(transaction, ship_order(checkout.id))
            case Authorise(amount):
                await self._authorise(transaction, checkout, amount)
            case Capture():
                return await self._operate(transaction, checkout, Operation.CAPTURE)
            case Void():
                return await self._operate(transaction, checkout, Operation.VOID)
        return None

    async def _authorise(self, transaction: Transaction, checkout: Checkout, amount: Money) -> None:
        await self._operations.begin(
            transaction,
            checkout.id,
            payer_id=checkout.payer_id,
            amount=amount,
            method=checkout.method,
            reservation_id=checkout.reservation_id,
        )

    async def _operate(
        self, transaction: Transaction, checkout: Checkout, operation: Operation
    ) -> Answered | None:
        ask = {Operation.CAPTURE: self._operations.capture, Operation.VOID: self._operations.void}[operation]
        try:
            await ask(transaction, checkout.id, key=KEY)
        except NotPossibleError as refusal:
            return Answered(operation, refusal.code)
        return None
