"""The SQL of payments, and nothing but.

A transfer changes a wallet first and a house account after it, so that no two transactions can wait for one another
in a circle. Time is the database's. Parameters have names that no column has: SQLAlchemy would take them for values to
set.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.payments.domain import (
    CURRENCY,
    MAX_BALANCE,
    WALLET_GRACE,
    AccountKind,
    DeclineReason,
    Money,
    Payment,
    PaymentState,
    TransferKind,
    Wallet,
)
from subgraphs.payments.tables import account, payment, transfer

_balance: Final = account.c.credits - account.c.debits
_pending: Final = payment.c.state == PaymentState.PENDING.value


class Undecided(Struct, frozen=True):
    """A PENDING payment. `is_late`: the time to pay was over when it began. `has_waited`: for a wallet, and enough."""

    payment: Payment
    is_late: bool = False
    has_waited: bool = False


async def find_wallets(transaction: Transaction, key: str, values: Sequence[Any]) -> dict[Any, Wallet]:
    """The wallets whose column `key` ("id" or "owner_id") is among `values`, by that column."""
    rows = await transaction.execute(_WALLETS.where(_is_any(account.c[key], values)))
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


async def add_payment(
    transaction: Transaction, *, reservation_id: UUID, payer_id: str, money: Money, expires_at: datetime
) -> Undecided | None:
    """Begin the payment of a reservation; None when it has one."""
    new = insert(payment).values(
        reservation_id=reservation_id,
        payer_id=payer_id,
        amount=money.amount,
        currency=money.currency,
        state=PaymentState.PENDING.value,
    )
    is_late = sa.literal(expires_at, sa.DateTime(timezone=True)) <= sa.func.now()
    statement = new.on_conflict_do_nothing(index_elements=["reservation_id"])
    row = (await transaction.execute(statement.returning(payment, is_late.label("is_late")))).one_or_none()
    return Undecided(_payment(row), is_late=row.is_late) if row else None


async def next_pending(transaction: Transaction, after: UUID | None) -> Undecided | None:
    """Lock the oldest PENDING payment behind `after` that no other transaction is at."""
    has_waited = payment.c.created_at + WALLET_GRACE <= sa.func.now()
    query = sa.select(payment, has_waited.label("has_waited")).where(_pending).order_by(payment.c.id).limit(1)
    if after is not None:
        query = query.where(payment.c.id > after)
    row = (await transaction.execute(query.with_for_update(skip_locked=True))).one_or_none()
    return Undecided(_payment(row), has_waited=row.has_waited) if row else None


async def decide(
    transaction: Transaction, payment_id: UUID, state: PaymentState, reason: DeclineReason | None
) -> Payment:
    """End the PENDING payment in `state`."""
    statement = sa.update(payment).where(payment.c.id == payment_id, _pending)
    values = {"state": state.value, "decline_reason": reason.value if reason else None}
    return _payment((await transaction.execute(statement.values(values).returning(payment))).one())


async def mark_refunded(transaction: Transaction, payment_id: UUID) -> Payment | None:
    """Turn a CAPTURED payment into a REFUNDED one; None when it is in another state."""
    captured = payment.c.state == PaymentState.CAPTURED.value
    statement = sa.update(payment).where(payment.c.id == payment_id, captured)
    values = {"state": PaymentState.REFUNDED.value}
    row = (await transaction.execute(statement.values(values).returning(payment))).one_or_none()
    return _payment(row) if row else None


async def find_payments(transaction: Transaction, key: str, values: Sequence[Any]) -> dict[Any, Payment]:
    """The payments whose column `key` ("id" or "reservation_id") is among `values`, by it."""
    rows = await transaction.execute(sa.select(payment).where(_is_any(payment.c[key], values)))
    return {getattr(row, key): _payment(row) for row in rows}


async def list_payments(
    transaction: Transaction, payer_ids: Sequence[str], limit: int
) -> dict[str, list[Payment]]:
    """The newest `limit` payments of each payer."""
    payer = sa.func.unnest(sa.literal(list(payer_ids), sa.ARRAY(sa.Text))).table_valued("id")
    payer = payer.render_derived("payer")
    newest = sa.select(payment).where(payment.c.payer_id == payer.c.id)
    newest = newest.order_by(payment.c.id.desc()).limit(limit)
    found_for = newest.correlate(payer).lateral("newest")
    rows = await transaction.execute(sa.select(found_for).select_from(payer.join(found_for, sa.true())))
    found: dict[str, list[Payment]] = {payer_id: [] for payer_id in payer_ids}
    for row in rows:
        found[row.payer_id].append(_payment(row))
    return found


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


def _is_any(column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Like IN, but the same statement for any number of values, so that it stays prepared."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))


def _wallet(row: sa.Row[Any]) -> Wallet:
    return Wallet(id=row.id, owner_id=row.owner_id, balance=Money(row.balance, row.currency))


def _payment(row: sa.Row[Any]) -> Payment:
    return Payment(
        id=row.id,
        reservation_id=row.reservation_id,
        payer_id=row.payer_id,
        amount=Money(row.amount, row.currency),
        state=PaymentState(row.state),
        decline_reason=DeclineReason(row.decline_reason) if row.decline_reason else None,
        created_at=row.created_at,
    )


_WALLETS: Final = sa.select(
    account.c.id, account.c.owner_id, account.c.currency, _balance.label("balance")
).where(account.c.kind == AccountKind.WALLET.value)
_TOP_UP: Final = _transfer_statement(TransferKind.TOP_UP, AccountKind.BANK, into_wallet=True)
_TAKE: Final = _transfer_statement(TransferKind.PAYMENT, AccountKind.MERCHANT, into_wallet=False)
_GIVE_BACK: Final = _transfer_statement(TransferKind.REFUND, AccountKind.MERCHANT, into_wallet=True)
