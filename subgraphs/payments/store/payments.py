"""The SQL of payments as their histories have made them: one row each, written with the event that changed it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import text

from common.database import Transaction
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.store.columns import is_any
from subgraphs.payments.tables import payment

SAVE: Final = text("""
    INSERT INTO payment (id, version, reservation_id, payer_id, state, body, created_at)
    VALUES (:id, :version, :reservation_id, :payer_id, :state, CAST(:body AS text)::jsonb, :created_at)
    ON CONFLICT (id) DO UPDATE
    SET version = excluded.version, state = excluded.state, body = excluded.body
""")
LOCK: Final = text("SELECT body::text FROM payment WHERE id = :id FOR NO KEY UPDATE")

_body: Final = sa.cast(payment.c.body, sa.Text).label("body")


async def save(transaction: Transaction, saved: Payment) -> None:
    """Write the payment as it is after its newest event."""
    parameters = {
        "id": saved.id,
        "version": saved.version,
        "reservation_id": saved.reservation_id,
        "payer_id": saved.payer_id,
        "state": saved.state.value,
        "body": msgspec.json.encode(saved).decode(),
        "created_at": saved.created_at,
    }
    await transaction.execute(SAVE, parameters)


async def lock(transaction: Transaction, payment_id: UUID) -> Payment | None:
    """The payment, which no other transaction changes until this one ends."""
    body = (await transaction.execute(LOCK, {"id": payment_id})).scalar_one_or_none()
    return _decode(body) if body else None


async def find_payments(transaction: Transaction, key: str, values: Sequence[Any]) -> dict[Any, Payment]:
    """The payments whose column `key` ("id" or "reservation_id") is among `values`, by it: the newest of a reservation."""
    query = sa.select(payment.c[key].label("key"), _body).where(is_any(payment.c[key], values))
    rows = await transaction.execute(query.order_by(payment.c.created_at, payment.c.id))
    return {row.key: _decode(row.body) for row in rows}


async def list_payments(
    transaction: Transaction, payer_ids: Sequence[str], limit: int
) -> dict[str, list[Payment]]:
    """The newest `limit` payments of each payer."""
    payer = sa.func.unnest(sa.literal(list(payer_ids), sa.ARRAY(sa.Text))).table_valued("id")
    payer = payer.render_derived("payer")
    newest = sa.select(payment.c.payer_id, _body).where(payment.c.payer_id == payer.c.id)
    newest = newest.order_by(payment.c.created_at.desc(), payment.c.id.desc()).limit(limit)
    found_for = newest.correlate(payer).lateral("newest")
    rows = await transaction.execute(sa.select(found_for).select_from(payer.join(found_for, sa.true())))
    found: dict[str, list[Payment]] = {payer_id: [] for payer_id in payer_ids}
    for row in rows:
        found[row.payer_id].append(_decode(row.body))
    return found


def _decode(body: str) -> Payment:
    return msgspec.json.decode(body, type=Payment)
