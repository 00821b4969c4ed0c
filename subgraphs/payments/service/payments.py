"""The use cases of payments: what clients read, and what they may ask for under an idempotency key of their own."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key, check_page
from subgraphs.payments.domain.attempts import Attempt
from subgraphs.payments.domain.history import Happened
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.store import attempts, history
from subgraphs.payments.store import payments as store


class _Request(Struct, frozen=True):
    """What is asked for under a key."""

    payment_id: UUID
    amount: int | None = None
    is_last: bool = True


class Payments:
    """What was paid, by whom and for what."""

    def __init__(self, database: Database, operations: Operations) -> None:
        self._database = database
        self._operations = operations

    async def find(self, key: str, values: Sequence[Any]) -> dict[Any, Payment]:
        """The payments whose `key` ("id" or "reservation_id") is among `values`, by it: the newest of a reservation."""
        async with self._database.transaction() as transaction:
            return await store.find_payments(transaction, key, values)

    async def list_for(self, payer_ids: Sequence[str], first: int) -> dict[str, list[Payment]]:
        """The newest `first` payments of each payer. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_payments(transaction, payer_ids, check_page(first))

    async def find_attempts(self, payment_ids: Sequence[UUID]) -> dict[UUID, list[Attempt]]:
        """The attempts of each payment, the oldest first."""
        async with self._database.transaction() as transaction:
            return await attempts.find_attempts(transaction, payment_ids)

    async def find_history(self, payment_ids: Sequence[UUID]) -> dict[UUID, list[Happened]]:
        """The events of each payment, in order."""
        async with self._database.transaction() as transaction:
            return await history.read(transaction, payment_ids)

    async def capture(
        self, caller_id: str, payment_id: UUID, amount: int | None, key: str, *, is_last: bool = True
    ) -> Payment:
        """Ask for a capture; once for each key of a caller. See `Operations.capture`.

        Raises:
            IdempotencyMismatch: the caller used the key for another request.
        """
        request = _Request(payment_id, amount, is_last)
        return await self._once(
            "capturePayment",
            caller_id,
            key,
            request,
            lambda transaction, own_key: self._operations.capture(
                transaction, payment_id, key=own_key, amount=amount, is_last=is_last
            ),
        )

    async def void(self, caller_id: str, payment_id: UUID, key: str) -> Payment:
        """Ask to let the authorisation go; once for each key of a caller. See `Operations.void`."""
        return await self._once(
            "voidPayment",
            caller_id,
            key,
            _Request(payment_id),
            lambda transaction, own_key: self._operations.void(transaction, payment_id, key=own_key),
        )

    async def refund(self, caller_id: str, payment_id: UUID, amount: int | None, key: str) -> Payment:
        """Ask for a refund; once for each key of a caller. See `Operations.refund`."""
        return await self._once(
            "refundPayment",
            caller_id,
            key,
            _Request(payment_id, amount),
            lambda transaction, own_key: self._operations.refund(
                transaction, payment_id, key=own_key, amount=amount
            ),
        )

    async def dispute(self, payment_id: UUID, dispute_id: str, amount: int, reason: str) -> Payment:
        """A bank asks money back. See `Operations.dispute`."""
        async with self._database.transaction() as transaction:
            return await self._operations.dispute(
                transaction, payment_id, dispute_id=dispute_id, amount=amount, reason=reason
            )

    async def close_dispute(self, payment_id: UUID, dispute_id: str, *, won: bool) -> Payment:
        """How the dispute ended. See `Operations.close_dispute`."""
        async with self._database.transaction() as transaction:
            return await self._operations.close_dispute(
                transaction, payment_id, dispute_id=dispute_id, won=won
            )

    async def _once(
        self,
        operation: str,
        caller_id: str,
        key: str,
        request: _Request,
        ask: Callable[[Transaction, str], Awaitable[Payment]],
    ) -> Payment:
        """Ask, once for each key of a caller; the payment as it is now."""
        check_idempotency_key(key)
        scope = f"{operation}:{caller_id}"

        async def run() -> None:
            await ask(transaction, f"{scope}:{key}")

        async with self._database.transaction() as transaction:
            await idempotency.once(
                transaction, scope=scope, key=key, request=request, run=run, result=type(None)
            )
            failpoint("payments.once.before_commit")
            return (await store.find_payments(transaction, "id", [request.payment_id]))[request.payment_id]
