"""The checkout process at work: it is told what happened, and carries out what follows in the same transaction.

The rules are `domain.checkouts`. A command is an event in the outbox, an attempt for the runner of provider operations, or
a job that is asked for: nothing here speaks to anybody else.
"""

from collections.abc import Mapping
from uuid import UUID

from common.database import Database, Transaction
from common.events import Event, Handler
from common.failpoints import failpoint
from common.jobs import enqueue
from subgraphs.payments.domain.attempts import AttemptState, Operation, PaymentMethod
from subgraphs.payments.domain.checkout_messages import (
    ActionNeeded,
    Answered,
    Authorise,
    Capture,
    Command,
    DeadlinePassed,
    Message,
    Ship,
    Shipped,
    StockCommitted,
    StockPaying,
    StockRefused,
    StockReleased,
    TellAuthorised,
    TellFailed,
    TellStarted,
    Void,
)
from subgraphs.payments.domain.checkouts import Checkout, CheckoutState, Patience, advance, begin
from subgraphs.payments.domain.money import Money
from subgraphs.payments.events.checkouts import (
    CheckoutAuthorised,
    CheckoutFailed,
    CheckoutStarted,
    ReservationCommitted,
    ReservationPaying,
    ReservationRefused,
    ReservationReleased,
)
from subgraphs.payments.events.shipping import OrderShipped
from subgraphs.payments.service.operations import AttemptOutcome, NotPossibleError, Operations
from subgraphs.payments.service.webhooks import tell_of_checkout
from subgraphs.payments.shipping import ship_order
from subgraphs.payments.store import checkouts as store

TOPIC = "checkout"
"""What `common.live` calls the changes of checkouts."""

KEY = "checkout"
"""Each operation is asked for once for a checkout's payment."""


class CheckoutProcess:
    """Moves checkouts on; `patience` is how long they wait for others."""

    def __init__(self, operations: Operations, patience: Patience) -> None:
        self._operations = operations
        self._patience = patience

    @property
    def handlers(self) -> Mapping[type[Event], Handler]:
        """What to do with each of inventory's answers, and when the goods are shipped."""
        return {
            ReservationPaying: self._on_paying,
            ReservationRefused: self._on_refused,
            ReservationCommitted: self._on_committed,
            ReservationReleased: self._on_released,
            OrderShipped: self._on_shipped,
        }

    async def begin(
        self,
        transaction: Transaction,
        id_: UUID,
        reservation_id: UUID,
        *,
        payer_id: str,
        method: PaymentMethod,
    ) -> None:
        """Start a checkout."""
        now = await store.now(transaction)
        checkout, commands = begin(
            id_, reservation_id, payer_id=payer_id, method=method, now=now, patience=self._patience
        )
        await store.add(transaction, checkout)
        await self._carry_out(transaction, checkout, commands)
        failpoint("payments.checkout.begun")

    async def tell(self, transaction: Transaction, id_: UUID | None, message: Message) -> None:
        """Tell the checkout, if it is one of ours, what happened."""
        locked = await store.lock(transaction, id_) if id_ is not None else None
        if locked is not None:
            await self._advance(transaction, locked, message)

    async def on_outcome(self, transaction: Transaction, outcome: AttemptOutcome) -> None:
        """What came of a provider operation, whoever wanted it: see `service.operations.OnOutcome`."""
        attempt = outcome.attempt
        match attempt.state:
            case AttemptState.SUCCEEDED:
                message: Message = Answered(attempt.operation)
            case AttemptState.DECLINED:
                message = Answered(attempt.operation, attempt.code or "declined")
            case _:
                message = ActionNeeded(attempt.url or "")
        if attempt.operation is not Operation.REFUND:
            await self.tell(transaction, attempt.payment_id, message)

    async def pass_deadlines(self, database: Database) -> None:
        """Tell every checkout whose deadline has passed, one transaction each."""
        while True:
            async with database.transaction() as transaction:
                locked = await store.lock_due(transaction)
                if locked is None:
                    return
                await self._advance(transaction, locked, DeadlinePassed())
                failpoint("payments.checkout.deadline_passed")

    async def _advance(self, transaction: Transaction, locked: store.Locked, message: Message) -> None:
        changed, commands = advance(locked.checkout, message, locked.now, self._patience)
        if changed is locked.checkout:
            return
        await store.save(transaction, changed, message)
        transaction.changed(TOPIC, str(changed.id))
        await _tell_merchants(transaction, locked.checkout, changed)
        failpoint("payments.checkout.saved")
        await self._carry_out(transaction, changed, commands)
        failpoint("payments.checkout.carried_out")

    async def _carry_out(
        self, transaction: Transaction, checkout: Checkout, commands: tuple[Command, ...]
    ) -> None:
        about = {"checkout_id": checkout.id, "reservation_id": checkout.reservation_id}
        for command in commands:
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
                    await self._operate(transaction, checkout, Operation.CAPTURE)
                case Void():
                    await self._operate(transaction, checkout, Operation.VOID)

    async def _authorise(self, transaction: Transaction, checkout: Checkout, amount: Money) -> None:
        await self._operations.begin(
            transaction,
            checkout.id,
            payer_id=checkout.payer_id,
            amount=amount,
            method=checkout.method,
            reservation_id=checkout.reservation_id,
        )

    async def _operate(self, transaction: Transaction, checkout: Checkout, operation: Operation) -> None:
        """Ask for the operation; that the payment does not allow it is an answer, too."""
        ask = {Operation.CAPTURE: self._operations.capture, Operation.VOID: self._operations.void}[operation]
        try:
            await ask(transaction, checkout.id, key=KEY)
        except NotPossibleError as refusal:
            await self.tell(transaction, checkout.id, Answered(operation, refusal.code))

    async def _on_paying(self, transaction: Transaction, event: ReservationPaying) -> None:
        amount = Money(event.total_amount, event.currency)
        await self.tell(transaction, event.checkout_id, StockPaying(amount, event.expires_at))

    async def _on_refused(self, transaction: Transaction, event: ReservationRefused) -> None:
        await self.tell(transaction, event.checkout_id, StockRefused(event.reason))

    async def _on_committed(self, transaction: Transaction, event: ReservationCommitted) -> None:
        await self.tell(transaction, event.checkout_id, StockCommitted())

    async def _on_released(self, transaction: Transaction, event: ReservationReleased) -> None:
        await self.tell(transaction, event.checkout_id, StockReleased())

    async def _on_shipped(self, transaction: Transaction, event: OrderShipped) -> None:
        await self.tell(transaction, event.checkout_id, Shipped())


async def _tell_merchants(transaction: Transaction, before: Checkout, after: Checkout) -> None:
    """What a checkout comes to, and that its payer must act."""
    match after.state:
        case CheckoutState.COMPLETED:
            await tell_of_checkout(transaction, "checkout.completed", after)
        case CheckoutState.FAILED:
            await tell_of_checkout(transaction, "checkout.failed", after)
        case _ if after.action_url is not None and after.action_url != before.action_url:
            await tell_of_checkout(transaction, "checkout.action_required", after)
