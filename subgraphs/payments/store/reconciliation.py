"""The SQL of reconciliation: what moved by our payments and our ledger, and the breaks that were found."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.payments.domain.reconciliation import Break, BreakKind, OurMovement

# What the ledger has of a payment is one sum for each operation: where it differs, it differs for each of its movements.
MOVEMENTS = text("""
    SELECT attempt.reference AS source_id, attempt.payment_id::text AS payment_id, attempt.currency,
           direction * attempt.amount AS amount,
           direction * (attempt.amount + posted.total - done.total)::bigint AS booked
    FROM attempt,
    LATERAL (SELECT CASE operation WHEN 'CAPTURE' THEN 1 ELSE -1 END AS direction) sign,
    LATERAL (
        SELECT coalesce(sum(amount), 0) AS total FROM ledger_transfer
        WHERE ledger_transfer.reference = attempt.payment_id AND code = attempt.operation
          AND kind IN ('POST', 'POSTED')
    ) posted,
    LATERAL (
        SELECT sum(amount) AS total FROM attempt AS each
        WHERE each.payment_id = attempt.payment_id AND each.operation = attempt.operation
          AND each.state = 'SUCCEEDED'
    ) done
    WHERE provider = 'CARD' AND state = 'SUCCEEDED' AND operation IN ('CAPTURE', 'REFUND')
      AND (resolved_at >= CAST(:first AS date) AND resolved_at < CAST(:last AS date) + 1
           OR attempt.reference = ANY(CAST(:source_ids AS text[])))
""")
ADD = text("""
    INSERT INTO reconciliation (first_day, last_day, lines, breaks) VALUES (:first, :last, :lines, :breaks)
    RETURNING *
""")
RESOLVE = text("""
    UPDATE reconciliation_break SET resolved_at = now()
    WHERE resolved_at IS NULL AND source_id = ANY(CAST(:touched AS text[]))
      AND NOT (source_id, kind) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:kinds AS text[])))
""")
ADD_BREAK = text("""
    INSERT INTO reconciliation_break (reconciliation_id, kind, source_id, payment_id, expected, found, currency)
    VALUES (:reconciliation_id, :kind, :source_id, CAST(:payment_id AS uuid), :expected, :found, :currency)
    ON CONFLICT (source_id, kind) WHERE resolved_at IS NULL
    DO UPDATE SET expected = excluded.expected, found = excluded.found
""")
LIST = text("""
    SELECT id, kind, source_id, payment_id, expected, found, currency, found_at, resolved_at
    FROM reconciliation_break
    WHERE (resolved_at IS NULL) = :is_open AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    ORDER BY id DESC LIMIT :limit
""")


class Reconciliation(Struct, frozen=True, kw_only=True):
    """One comparison: how many lines the provider's report had, and how many breaks were found."""

    id: UUID
    first_day: date
    last_day: date
    lines: int
    breaks: int
    at: datetime


class KnownBreak(Struct, frozen=True, kw_only=True):
    """A break as it was found; the amounts are minor units. `resolved_at` is when it was found no more."""

    id: int
    kind: BreakKind
    source_id: str
    payment_id: UUID | None
    expected: int | None
    found: int | None
    currency: str
    found_at: datetime
    resolved_at: datetime | None


async def list_movements(
    transaction: Transaction, first: date, last: date, source_ids: Sequence[str]
) -> list[OurMovement]:
    """What the card provider captured and refunded by our attempts in these days, or by these names of its own."""
    parameters = {"first": first, "last": last, "source_ids": list(source_ids)}
    rows = await transaction.execute(MOVEMENTS, parameters)
    return [msgspec.convert(_fields(row), OurMovement) for row in rows]


async def keep(
    transaction: Transaction,
    first: date,
    last: date,
    *,
    lines: int,
    touched: Sequence[str],
    breaks: Sequence[Break],
) -> Reconciliation:
    """Keep what was found; breaks of what was `touched` that are no more are resolved."""
    about = {"first": first, "last": last, "lines": lines, "breaks": len(breaks)}
    made = msgspec.convert(_fields((await transaction.execute(ADD, about)).one()), Reconciliation)
    still = {"sources": [each.source_id for each in breaks], "kinds": [each.kind.value for each in breaks]}
    await transaction.execute(RESOLVE, {"touched": list(touched), **still})
    for each in breaks:
        await transaction.execute(ADD_BREAK, {"reconciliation_id": made.id, **msgspec.structs.asdict(each)})
    return made


async def list_breaks(
    transaction: Transaction, kind: BreakKind | None, limit: int, *, is_open: bool
) -> list[KnownBreak]:
    """The newest breaks, open or resolved."""
    parameters = {"kind": kind.value if kind else None, "limit": limit, "is_open": is_open}
    return [msgspec.convert(_fields(row), KnownBreak) for row in await transaction.execute(LIST, parameters)]


def _fields(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
