"""The SQL of payments. Time is the database's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import WALLET_GRACE, DeclineReason, Payment, PaymentState
from subgraphs.payments.store.columns import is_any
from subgraphs.payments.tables import payment

_pending: Final = payment.c.state == PaymentState.PENDING.value


class Undecided(Struct, frozen=True):
    """A PENDING payment. `is_late`: the time to pay was over when it began. `has_waited`: for a wallet, and enough."""

    payment: Payment
    is_late: bool = False
    has_waited: bool = False


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
    rows = await transaction.execute(sa.select(payment).where(is_any(payment.c[key], values)))
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
