"""The use cases of checkouts; each call is one transaction."""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database
from common.failpoints import failpoint
from common.inputs import InvalidInputError, check_idempotency_key
from subgraphs.payments.domain.attempts import PaymentMethod, ProviderName
from subgraphs.payments.domain.checkouts import Checkout, CheckoutState
from subgraphs.payments.service.checkout_process import CheckoutProcess
from subgraphs.payments.store import checkouts as store
from subgraphs.payments.store.checkouts import CheckoutStep

_TOKEN: Final = re.compile(r"pm_[A-Za-z0-9_]{1,200}")
_CARD_NUMBER: Final = re.compile(r"\d{12,19}")


class _Request(Struct, frozen=True):
    reservation_id: UUID
    provider: ProviderName
    token: str


class _Receipt(Struct, frozen=True):
    """What is remembered under an idempotency key; the checkout itself goes on living."""

    checkout_id: UUID


class Checkouts:
    """What payers do: `providers` are those that they may pay by."""

    def __init__(
        self, database: Database, process: CheckoutProcess, providers: frozenset[ProviderName]
    ) -> None:
        self._database = database
        self._process = process
        self._providers = providers

    async def start(
        self, payer_id: str, reservation_id: UUID, method: PaymentMethod, idempotency_key: str
    ) -> Checkout:
        """Begin to pay for a reservation; the same key of the same payer begins once, and gives the checkout as it is now.

        Raises:
            InvalidInputError: the payment method or the key cannot be one.
            IdempotencyMismatch: the key was used for another request.
        """
        self._check_method(method)
        request = _Request(reservation_id, method.provider, method.token)
        key = check_idempotency_key(idempotency_key)

        async def run() -> _Receipt:
            id_ = await store.new_id(transaction)
            await self._process.begin(transaction, id_, reservation_id, payer_id=payer_id, method=method)
            return _Receipt(id_)

        async with self._database.transaction() as transaction:
            receipt = await idempotency.once(
                transaction, scope=f"checkout:{payer_id}", key=key, request=request, run=run, result=_Receipt
            )
            failpoint("payments.checkout.before_commit")
            return (await store.find(transaction, [receipt.checkout_id]))[receipt.checkout_id]

    async def find(self, ids: Sequence[UUID]) -> dict[UUID, Checkout]:
        async with self._database.transaction() as transaction:
            return await store.find(transaction, ids)

    async def find_newest_for(self, payer_id: str, reservation_ids: Sequence[UUID]) -> dict[UUID, Checkout]:
        """The newest checkout of `payer_id` for each reservation, by it."""
        async with self._database.transaction() as transaction:
            return await store.find_newest_for(transaction, payer_id, reservation_ids)

    async def list_states(self, payer_ids: Sequence[str]) -> list[CheckoutState]:
        """The state of each checkout of these payers."""
        async with self._database.transaction() as transaction:
            return await store.list_states(transaction, payer_ids)

    async def list_steps(self, ids: Sequence[UUID]) -> dict[UUID, list[CheckoutStep]]:
        """The history of each checkout, from its beginning."""
        async with self._database.transaction() as transaction:
            return await store.list_steps(transaction, ids)

    def _check_method(self, method: PaymentMethod) -> None:
        if method.provider not in self._providers:
            raise InvalidInputError("provider", f"{method.provider} is not connected here")
        if method.provider is ProviderName.WALLET:
            return
        if _CARD_NUMBER.search(method.token):
            raise InvalidInputError("token", "must be the provider's token, never a card's number")
        if not _TOKEN.fullmatch(method.token):
            raise InvalidInputError("token", "must be a payment method of the provider, like pm_...")
