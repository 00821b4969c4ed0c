"""The use cases of wallets."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key
from subgraphs.payments.domain.money import CURRENCY, Money
from subgraphs.payments.domain.wallets import MAX_BALANCE, Wallet, WalletLimit, check_top_up
from subgraphs.payments.store import wallets as store


class _TopUpRequest(Struct, frozen=True):
    amount: int


class _TopUpReceipt(Struct, frozen=True):
    """What is remembered under an idempotency key."""

    is_done: bool


class Wallets:
    """The money that the house keeps for its customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: str, values: Sequence[Any]) -> dict[Any, Wallet]:
        """The wallets whose `key` ("id" or "owner_id") is among `values`, by it."""
        async with self._database.transaction() as transaction:
            return await store.find_wallets(transaction, key, values)

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


async def _top_up(transaction: Transaction, owner_id: str, request: _TopUpRequest) -> _TopUpReceipt:
    await store.open_wallet(transaction, owner_id)
    return _TopUpReceipt(await store.top_up(transaction, owner_id, request.amount))
