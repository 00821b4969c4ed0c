"""The SQL of wallets and of what moves money between them and the house.

A transfer changes a wallet first and a house account after it, so that no two transactions can wait for one another
in a circle. Parameters have names that no column has: SQLAlchemy would take them for values to set.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.payments.domain.money import CURRENCY, Money
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.domain.wallets import MAX_BALANCE, AccountKind, TransferKind, Wallet
from subgraphs.payments.store.columns import is_any
from subgraphs.payments.tables import account, transfer

_balance: Final = account.c.credits - account.c.debits


async def find_wallets(transaction: Transaction, key: str, values: Sequence[Any]) -> dict[Any, Wallet]:
    """The wallets whose column `key` ("id" or "owner_id") is among `values`, by that column."""
    rows = await transaction.execute(_WALLETS.where(is_any(account.c[key], values)))
    return {getattr(row, key): _wallet(row) for row in rows}


async def open_wallet(transaction: Transaction, owner_id: str) -> None:
    """Give the user a wallet, if there is none yet."""
    new = insert(account).values(kind=AccountKind.WALLET, owner_id=owner_id, currency=CURRENCY, floor=0)
    await transaction.execute(new.on_conflict_do_nothing())


async def top_up(transaction: Transaction, owner_id: str, amount: int) -> bool:
    """Move money from outside into the wallet; False when it would hold more than it may."""
    parameters = {"wallet_of": owner_id, "sum": amount, "in_currency": CURRENCY, "for_payment": None}
    return (await transaction.execute(_TOP_UP, parameters)).first() is not None


async def take(transaction: Transaction, paid: Payment) -> bool:
    """Move the money of a payment out of the payer's wallet; False when there is too little, or no wallet."""
    return (await transaction.execute(_TAKE, _parameters(paid))).first() is not None


async def give_back(transaction: Transaction, paid: Payment) -> bool:
    """Move the money of a payment back into the payer's wallet; False when there is none."""
    return (await transaction.execute(_GIVE_BACK, _parameters(paid))).first() is not None


def _parameters(paid: Payment) -> dict[str, Any]:
    parameters = {"wallet_of": paid.payer_id, "for_payment": paid.id}
    return parameters | {"sum": paid.amount.amount, "in_currency": paid.amount.currency}


def _transfer_statement(kind: TransferKind, house_kind: AccountKind, *, into_wallet: bool) -> sa.Select[Any]:
    """Both accounts and the record of the transfer as one statement: all three change, or none."""
    amount = sa.bindparam("sum", type_=sa.BigInteger)
    currency = sa.bindparam("in_currency", type_=sa.Text)
    gains, loses = {"credits": account.c.credits + amount}, {"debits": account.c.debits + amount}
    wallet = (
        sa.update(account)
        .where(account.c.owner_id == sa.bindparam("wallet_of", type_=sa.Text), account.c.currency == currency)
        .values(gains if into_wallet else loses)
        .returning(account.c.id, account.c.currency)
    )
    if kind is TransferKind.TOP_UP:
        wallet = wallet.where(_balance + amount <= MAX_BALANCE)
    if not into_wallet:
        wallet = wallet.where(_balance - amount >= account.c.floor)
    changed = wallet.cte("wallet")
    house = (
        sa.update(account)
        .where(account.c.kind == house_kind.value, account.c.currency == changed.c.currency)
        .values(loses if into_wallet else gains)
        .returning(account.c.id, changed.c.id.label("wallet_id"))
        .cte("house")
    )
    accounts = (house.c.id, house.c.wallet_id) if into_wallet else (house.c.wallet_id, house.c.id)
    payment_id = sa.bindparam("for_payment", type_=sa.Uuid)
    recorded = sa.select(sa.literal(kind.value), *accounts, amount, currency, payment_id)
    columns = ["kind", "debit_account_id", "credit_account_id", "amount", "currency", "payment_id"]
    return sa.select(insert(transfer).from_select(columns, recorded).returning(transfer.c.id).cte("recorded"))


def _wallet(row: sa.Row[Any]) -> Wallet:
    return Wallet(id=row.id, owner_id=row.owner_id, balance=Money(row.balance, row.currency))


_WALLETS: Final = sa.select(
    account.c.id, account.c.owner_id, account.c.currency, _balance.label("balance")
).where(account.c.kind == AccountKind.WALLET.value)
_TOP_UP: Final = _transfer_statement(TransferKind.TOP_UP, AccountKind.BANK, into_wallet=True)
_TAKE: Final = _transfer_statement(TransferKind.PAYMENT, AccountKind.MERCHANT, into_wallet=False)
_GIVE_BACK: Final = _transfer_statement(TransferKind.REFUND, AccountKind.MERCHANT, into_wallet=True)
