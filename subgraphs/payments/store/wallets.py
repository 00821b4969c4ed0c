"""The SQL of wallets: whose they are. What they hold is in the ledger, under the same id."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction
from common.ledger import create_accounts
from subgraphs.payments.domain.accounts import house_accounts, wallet_account
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.wallets import Wallet

OPEN: Final = text("""
    INSERT INTO wallet (owner_id, currency) VALUES (:owner_id, :currency) ON CONFLICT DO NOTHING RETURNING id
""")
WALLETS: Final = """
    SELECT id, owner_id, wallet.currency, credits_posted - debits_posted AS balance, debits_pending
    FROM wallet JOIN ledger_account USING (id)
"""
FIND: Final = text(f"{WALLETS} WHERE id = ANY(:ids)")
LIST: Final = text(f"{WALLETS} WHERE owner_id = ANY(:owner_ids) ORDER BY wallet.currency")
ID: Final = text("SELECT id FROM wallet WHERE owner_id = :owner_id AND currency = :currency")


async def open_wallet(transaction: Transaction, owner_id: str, currency: str) -> UUID:
    """Give the user a wallet in that currency, if there is none yet; its id."""
    place = {"owner_id": owner_id, "currency": currency}
    opened: UUID | None = (await transaction.execute(OPEN, place)).scalar_one_or_none()
    if opened is None:
        return (await transaction.execute(ID, place)).scalar_one()  # type: ignore[no-any-return]  # a column's value
    accounts = [*house_accounts(currency), wallet_account(opened, currency)]
    await create_accounts(transaction, accounts)
    return opened


async def find_wallet_id(transaction: Transaction, owner_id: str, currency: str) -> UUID | None:
    return (await transaction.execute(ID, {"owner_id": owner_id, "currency": currency})).scalar_one_or_none()


async def find_wallets(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """The wallets of those ids."""
    rows = await transaction.execute(FIND, {"ids": list(ids)})
    return {row.id: _wallet(row) for row in rows}


async def list_wallets(transaction: Transaction, owner_ids: Sequence[str]) -> dict[str, list[Wallet]]:
    """The wallets of each owner, by currency."""
    found: dict[str, list[Wallet]] = {owner_id: [] for owner_id in owner_ids}
    for row in await transaction.execute(LIST, {"owner_ids": list(owner_ids)}):
        found[row.owner_id].append(_wallet(row))
    return found


def _wallet(row: Any) -> Wallet:
    return Wallet(
        id=row.id,
        owner_id=row.owner_id,
        balance=Money(row.balance, row.currency),
        available=Money(row.balance - row.debits_pending, row.currency),
    )
