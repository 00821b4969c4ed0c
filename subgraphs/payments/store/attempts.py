"""The SQL of attempts: what is asked of providers, who is at it, and what came of it.

A claim is fenced: its number grows with each, and only who has the newest may say what came of it. Time is the database's.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from subgraphs.payments.domain.attempts import (
    Attempt,
    AttemptState,
    Operation,
    PaymentMethod,
    ProviderName,
)
from subgraphs.payments.domain.money import Money

COLUMNS: Final = (
    "id, payment_id, operation, effect_key, provider, token, amount, currency, is_last, authorisation, state, tries,"
    " reference, code, message, url, created_at, sent_at, resolved_at"
)
ADD: Final = text("""
    INSERT INTO attempt (payment_id, operation, effect_key, provider, token, amount, currency, is_last, authorisation)
    VALUES (:payment_id, :operation, :effect_key, :provider, :token, :amount, :currency, :is_last, :authorisation)
""")
# `next_at` is when it is due, and while somebody is at it, when that one is taken for dead. Of several captures of one payment
# the last lets the rest go, so that each waits for those before it.
CLAIM: Final = text(f"""
    UPDATE attempt SET fence = fence + 1, next_at = now() + :lease, tries = attempt.tries + 1,
        state = CASE WHEN attempt.state = 'CREATED' THEN 'SENT' ELSE attempt.state END,
        sent_at = coalesce(attempt.sent_at, now())
    WHERE id = ANY(ARRAY(
        SELECT id FROM attempt AS due WHERE next_at <= now() AND (operation <> 'CAPTURE' OR NOT EXISTS (
            SELECT 1 FROM attempt AS earlier
            WHERE earlier.payment_id = due.payment_id AND earlier.operation = 'CAPTURE'
              AND earlier.id < due.id AND earlier.next_at IS NOT NULL
        ))
        ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING {", ".join(f"attempt.{column}" for column in COLUMNS.split(", "))}, fence, old.state AS before
""")  # noqa: S608 - the columns above
RECORD: Final = text(f"""
    UPDATE attempt SET state = :state, next_at = now() + :delay, reference = :reference, code = :code,
        message = :message, url = :url, resolved_at = CASE WHEN :is_final THEN now() END
    WHERE id = :id AND fence = :fence RETURNING {COLUMNS}
""")  # noqa: S608 - the columns above
HASTEN: Final = text("""
    UPDATE attempt SET next_at = least(next_at, now())
    WHERE effect_key = :effect_key AND next_at IS NOT NULL AND state <> 'SENT'
""")
FIND: Final = text(f"SELECT {COLUMNS} FROM attempt WHERE payment_id = ANY(:ids) ORDER BY id")  # noqa: S608 - the columns above


class Claim(Struct, frozen=True):
    """An attempt in the runner's hand. `is_new`: it was never sent, so that nobody need be asked about it."""

    attempt: Attempt
    fence: int
    is_new: bool


async def add(
    transaction: Transaction,
    *,
    payment_id: UUID,
    operation: Operation,
    effect_key: str,
    method: PaymentMethod,
    amount: Money,
    is_last: bool,
    authorisation: str | None,
) -> None:
    """Ask for an operation; it is done after the commit."""
    parameters = {
        "payment_id": payment_id,
        "operation": operation.value,
        "effect_key": effect_key,
        "provider": method.provider.value,
        "token": method.token,
        "amount": amount.amount,
        "currency": amount.currency,
        "is_last": is_last,
        "authorisation": authorisation,
    }
    await transaction.execute(ADD, parameters)
    transaction.changed("attempt", "")


async def claim(transaction: Transaction, limit: int, lease: timedelta) -> list[Claim]:
    """Take up to `limit` attempts that are due, for as long as `lease`; what was CREATED is SENT by this."""
    rows = await transaction.execute(CLAIM, {"limit": limit, "lease": lease})
    return [Claim(_attempt(row), row.fence, row.before == AttemptState.CREATED) for row in rows]


async def record(
    transaction: Transaction,
    claimed: Claim,
    state: AttemptState,
    *,
    delay: timedelta | None = None,
    reference: str | None = None,
    code: str | None = None,
    message: str | None = None,
    url: str | None = None,
) -> Attempt | None:
    """Write down what came of it, to be asked about again after `delay`; None when the claim is another's by now."""
    parameters = {
        "id": claimed.attempt.id,
        "fence": claimed.fence,
        "state": state.value,
        "delay": delay,
        "is_final": delay is None,
        "reference": reference or claimed.attempt.reference,
        "code": code,
        "message": message,
        "url": url,
    }
    row = (await transaction.execute(RECORD, parameters)).one_or_none()
    return _attempt(row) if row else None


async def hasten(transaction: Transaction, effect_key: str) -> bool:
    """Make it due now; False when there is none, it has ended, or somebody is at it for the first time."""
    is_waiting = (await transaction.execute(HASTEN, {"effect_key": effect_key})).rowcount > 0
    if is_waiting:
        transaction.changed("attempt", "")
    return is_waiting


async def find_attempts(transaction: Transaction, payment_ids: Sequence[UUID]) -> dict[UUID, list[Attempt]]:
    """The attempts of each payment, the oldest first."""
    found: dict[UUID, list[Attempt]] = {id_: [] for id_ in payment_ids}
    for row in await transaction.execute(FIND, {"ids": list(payment_ids)}):
        found[row.payment_id].append(_attempt(row))
    return found


def _attempt(row: Any) -> Attempt:
    return Attempt(
        id=row.id,
        payment_id=row.payment_id,
        operation=Operation(row.operation),
        effect_key=row.effect_key,
        method=PaymentMethod(ProviderName(row.provider), row.token),
        amount=Money(row.amount, row.currency),
        is_last=row.is_last,
        authorisation=row.authorisation,
        state=AttemptState(row.state),
        tries=row.tries,
        reference=row.reference,
        code=row.code,
        message=row.message,
        url=row.url,
        created_at=row.created_at,
        sent_at=row.sent_at,
        resolved_at=row.resolved_at,
    )
