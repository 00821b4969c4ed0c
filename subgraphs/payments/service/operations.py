"""What may be done with a payment, as part of the caller's own transaction; and who is told what came of it.

Each operation appends to the payment's history and writes an attempt, which the runner takes to the provider after the commit.
When the provider has answered, the runner records the outcome, appends to the history, posts to the ledger and calls
`OnOutcome`: all in one transaction, fenced, once for each attempt.
"""

from collections.abc import Awaitable, Callable
from typing import ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from common.database import Transaction
from common.errors import DomainError
from subgraphs.payments.domain.attempts import Attempt, PaymentMethod
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import Payment


class NotPossibleError(DomainError):
    """The payment does not allow it: more than is left, or a state that has ended."""

    code: ClassVar[str] = "NOT_POSSIBLE"
    status = 409


class AttemptOutcome(Struct, frozen=True):
    """What came of an attempt, whose state is SUCCEEDED, DECLINED or ACTION_REQUIRED; `payment` has its event already."""

    attempt: Attempt
    payment: Payment


OnOutcome = Callable[[Transaction, AttemptOutcome], Awaitable[None]]
"""Called by the runner in the transaction that records the outcome; what it raises rolls the whole back, to be tried again.

It is called for every attempt, whoever asked for it, and may ask for more operations in the same transaction.
"""


class Operations(Protocol):
    """Asking again with the same `key` (of this payment and operation) has no further effect and gives the payment."""

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
        """Make the payment, unless it is there, and ask for its authorisation."""
        ...

    async def capture(
        self, transaction: Transaction, payment_id: UUID, *, key: str, amount: int | None = None
    ) -> Payment:
        """Take `amount` (minor units), or all that is left, of what was authorised.

        Raises:
            NotPossibleError: so much is not left.
        """
        ...

    async def void(self, transaction: Transaction, payment_id: UUID, *, key: str) -> Payment:
        """Let go what was authorised and not captured.

        Raises:
            NotPossibleError: nothing is left.
        """
        ...

    async def refund(
        self, transaction: Transaction, payment_id: UUID, *, key: str, amount: int | None = None
    ) -> Payment:
        """Give `amount` (minor units), or all that is left, of what was captured back.

        Raises:
            NotPossibleError: so much is not left.
        """
        ...

    async def hasten(self, transaction: Transaction, effect_key: str) -> bool:
        """Ask the provider about the attempt now: what a webhook tells is a reason to look, never the truth itself.

        False when there is no such attempt, or it has ended.
        """
        ...

    async def dispute(
        self, transaction: Transaction, payment_id: UUID, *, dispute_id: str, amount: int, reason: str
    ) -> Payment:
        """The payer's bank asks `amount` back; it is set aside until the dispute is won or lost. Once for a `dispute_id`."""
        ...

    async def close_dispute(
        self, transaction: Transaction, payment_id: UUID, *, dispute_id: str, won: bool
    ) -> Payment:
        """What was set aside is the merchant's again, or gone. Once for a `dispute_id`."""
        ...
