"""The house's books: what its accounts hold and held, what moved, and money paid out to its bank."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key, check_page
from common.ledger import (
    Account,
    Balances,
    Recorded,
    Transfer,
    balances,
    create_transfers,
    find_accounts,
    list_by_references,
    list_transfers,
    lock_balances,
    lookup,
)
from subgraphs.payments.domain.accounts import House, house_id
from subgraphs.payments.domain.money import Money, check_money
from subgraphs.payments.errors import NotPossibleError
from subgraphs.payments.service.moved import was_moved

SCOPE: Final = "payOut"


class TransferPage(Struct, frozen=True):
    """Transfers of an account, the newest first, and whether there are older ones."""

    transfers: Sequence[Recorded]
    has_next: bool


class Books:
    """The ledger as people look at it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_accounts(self, ids: Sequence[UUID]) -> dict[UUID, Account]:
        """The accounts of those ids that exist."""
        async with self._database.transaction() as transaction:
            return await find_accounts(transaction, ids)

    async def balances(self, ids: Sequence[UUID], at: datetime | None) -> dict[UUID, Balances]:
        """What the accounts hold, or held at a moment."""
        async with self._database.transaction() as transaction:
            return await balances(transaction, ids, at)

    async def transfers_for(self, payment_ids: Sequence[UUID]) -> dict[UUID, list[Recorded]]:
        """What each payment moved, in order."""
        async with self._database.transaction() as transaction:
            return await list_by_references(transaction, payment_ids)

    async def list_transfers(self, account_id: UUID, first: int, after: UUID | None) -> TransferPage:
        """A page of an account's transfers, behind that of the id `after`. Raises InvalidInputError for a wrong page."""
        limit = check_page(first)
        async with self._database.transaction() as transaction:
            before = (await lookup(transaction, [after])).get(after) if after else None
            found = await list_transfers(transaction, account_id, limit + 1, before)
        return TransferPage(found[:limit], len(found) > limit)

    async def pay_out(self, money: Money, idempotency_key: str) -> UUID:
        """Move what the merchant has earned to its bank; the transfer's id. Once for each key.

        Raises:
            InvalidInputError: the amount or the key cannot be one.
            NotPossibleError: so much is not available.
            IdempotencyMismatch: the key was used for another request.
        """
        check_money(money)
        key = check_idempotency_key(idempotency_key)
        async with self._database.transaction() as transaction:
            paid = await idempotency.once(
                transaction,
                scope=SCOPE,
                key=key,
                request=money,
                run=lambda: _pay_out(transaction, money, key),
                result=UUID,
            )
            failpoint("payments.pay_out.before_commit")
        return paid


async def _pay_out(transaction: Transaction, money: Money, key: str) -> UUID:
    merchant = house_id(House.MERCHANT, money.currency)
    held = (await lock_balances(transaction, [merchant])).get(merchant)
    available = held.available if held else 0
    payout = Transfer.posted(
        uuid5(merchant, f"payout:{key}"),
        debit=merchant,
        credit=house_id(House.BANK, money.currency),
        amount=money.amount,
        currency=money.currency,
        code="PAYOUT",
    )
    if await was_moved(transaction, payout):
        return payout.id
    if available < money.amount:
        raise NotPossibleError(
            f"{available} minor units are available, not {money.amount}", available=available
        )
    [result] = await create_transfers(transaction, [payout])
    assert result.is_done, f"{payout} was posted: {result}"
    return payout.id
