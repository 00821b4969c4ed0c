"""The checkout process at work: a checkout is told something, and what follows is written in the same transaction.

What is done next is the rules' (`domain.checkout_steps`), what others say becomes a message in `checkout_messages`, and what is
asked for is carried out by `checkout_commands`: this module only keeps the row, its history and the order of these things.
"""

from collections.abc import Mapping
from uuid import UUID

from common.database import Database, Transaction
from common.events import Event, Handler
from common.failpoints import failpoint
from subgraphs.payments.domain.attempts import PaymentMethod
from subgraphs.payments.domain.checkout_messages import Command, DeadlinePassed, Message
from subgraphs.payments.domain.checkout_steps import advance, begin
from subgraphs.payments.domain.checkouts import Checkout, CheckoutState, Patience
from subgraphs.payments.service.checkout_commands import CheckoutCommands
from subgraphs.payments.service.checkout_messages import HEARD, Heard, said_by_event, said_by_outcome
from subgraphs.payments.service.operations import AttemptOutcome, Operations
from subgraphs.payments.service.webhooks import tell_of_checkout
from subgraphs.payments.store import checkouts as store

TOPIC = "checkout"
"""What `common.live` calls the changes of checkouts."""


class CheckoutProcess:
    """Moves checkouts on; `patience` is how long they wait for others."""

    def __init__(self, operations: Operations, patience: Patience) -> None:
        self._commands = CheckoutCommands(operations)
        self._patience = patience

    @property
    def handlers(self) -> Mapping[type[Event], Handler]:
        """What to do with each of inventory's answers, and when the goods are shipped."""
        return dict.fromkeys(HEARD, self._hear)

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
        message = said_by_outcome(outcome)
        if message is not None:
            await self.tell(transaction, outcome.attempt.payment_id, message)

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
        for command in commands:
            answer = await self._commands.carry_out(transaction, checkout, command)
            if answer is not None:
                await self.tell(transaction, checkout.id, answer)

    async def _hear(self, transaction: Transaction, event: Heard) -> None:
        await self.tell(transaction, event.checkout_id, said_by_event(event))


async def _tell_merchants(transaction: Transaction, before: Checkout, after: Checkout) -> None:
    """What a checkout comes to, and that its payer must act."""
    match after.state:
        case CheckoutState.COMPLETED:
            await tell_of_checkout(transaction, "checkout.completed", after)
        case CheckoutState.FAILED:
            await tell_of_checkout(transaction, "checkout.failed", after)
        case _ if after.action_url is not None and after.action_url != before.action_url:
            await tell_of_checkout(transaction, "checkout.action_required", after)
