"""The use cases of wallets."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key
from common.ledger import Transfer, create_transfers, lock_balances
from subgraphs.payments.domain.accounts import House, house_id
from subgraphs.payments.domain.money import CURRENCY, Money
from subgraphs.payments.domain.wallets import MAX_BALANCE, Wallet, WalletLimit, check_top_up
from subgraphs.payments.service.moved import was_moved
from subgraphs.payments.store import wallets as store


class _TopUpRequest(Struct, frozen=True):
    money: Money


class _TopUpReceipt(Struct, frozen=True):
    """What is remembered under an idempotency key."""

    wallet_id: UUID
    is_done: bool


class Wallets:
    """The money that the house keeps for its customers, a wallet a currency."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, ids: Sequence[UUID]) -> dict[UUID, Wallet]:
        """The wallets of those ids."""
        async with self._database.transaction() as transaction:
            return await store.find_wallets(transaction, ids)

    async def list_for(self, owner_ids: Sequence[str]) -> dict[str, list[Wallet]]:
        """The wallets of each owner, by currency."""
        async with self._database.transaction() as transaction:
            return await store.list_wallets(transaction, owner_ids)

    async def top_up(
        self, owner_id: str, amount: int, idempotency_key: str, currency: str = CURRENCY
    ) -> Wallet | WalletLimit:
        """Put `amount` (minor units) into the wallet, which is opened by it; once for each key of an owner.

        Raises:
            InvalidInputError: the amount, the currency or the key cannot be one.
            IdempotencyMismatch: the key was used for another request.
        """
        request = _TopUpRequest(check_top_up(Money(amount, currency)))
        key = check_idempotency_key(idempotency_key)
        async with self._database.transaction() as transaction:
            receipt = await idempotency.once(
                transaction,
                scope=f"topUpWallet:{owner_id}",
                key=key,
                request=request,
                run=lambda: _top_up(transaction, owner_id, request.money, key),
                result=_TopUpReceipt,
            )
            failpoint("payments.top_up.before_commit")
            if not receipt.is_done:
                return WalletLimit(Money(MAX_BALANCE, currency))
            return (await store.find_wallets(transaction, [receipt.wallet_id]))[receipt.wallet_id]


async def _top_up(transaction: Transaction, owner_id: str, money: Money, key: str) -> _TopUpReceipt:
    wallet_id = await store.open_wallet(transaction, owner_id, money.currency)
    held = (await lock_balances(transaction, [wallet_id]))[wallet_id]
    top_up = Transfer.posted(
        uuid5(wallet_id, f"top-up:{key}"),
        debit=house_id(House.BANK, money.currency),
        credit=wallet_id,
        amount=money.amount,
        currency=money.currency,
        code="TOP_UP",
    )
    if await was_moved(transaction, top_up):
        return _TopUpReceipt(wallet_id, is_done=True)
    if held.posted + money.amount > MAX_BALANCE:
        return _TopUpReceipt(wallet_id, is_done=False)
    [result] = await create_transfers(transaction, [top_up])
    assert result.is_done, f"{top_up} was posted: {result}"
    transaction.changed("wallet", owner_id)
    return _TopUpReceipt(wallet_id, is_done=True)
