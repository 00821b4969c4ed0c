"""Accounts and what they hold.

An account's balance is its credits less its debits. What is pending is set aside: it counts against what an account may still
give, and not yet for what it has got. A `floor` bounds what is available; an account without one is the outside world.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import text

from common.database import Transaction

CREATE: Final = text("""
    INSERT INTO ledger_account (id, ledger, code, currency, floor)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:ledgers AS text[]), CAST(:codes AS text[]),
                         CAST(:currencies AS text[]), CAST(:floors AS bigint[]))
    ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING id
""")
FIND: Final = text("SELECT id, ledger, code, currency, floor FROM ledger_account WHERE id = ANY(:ids)")
BALANCES: Final = text("""
    SELECT id, debits_pending, debits_posted, credits_pending, credits_posted
    FROM ledger_account WHERE id = ANY(:ids)
""")
LOCKED_BALANCES: Final = text(f"{BALANCES.text} ORDER BY id FOR NO KEY UPDATE")
# From today back: what has happened since is the shorter part.
BALANCES_AT: Final = text("""
    SELECT id,
           debits_pending - coalesce(d.pending, 0)::bigint AS debits_pending,
           debits_posted - coalesce(d.posted, 0)::bigint AS debits_posted,
           credits_pending - coalesce(c.pending, 0)::bigint AS credits_pending,
           credits_posted - coalesce(c.posted, 0)::bigint AS credits_posted
    FROM ledger_account,
    LATERAL (
        SELECT sum(CASE WHEN kind = 'PENDING' THEN amount ELSE -released END) AS pending,
               sum(amount) FILTER (WHERE kind IN ('POSTED', 'POST')) AS posted
        FROM ledger_transfer WHERE debit_id = ledger_account.id AND created_at > :moment
    ) d,
    LATERAL (
        SELECT sum(CASE WHEN kind = 'PENDING' THEN amount ELSE -released END) AS pending,
               sum(amount) FILTER (WHERE kind IN ('POSTED', 'POST')) AS posted
        FROM ledger_transfer WHERE credit_id = ledger_account.id AND created_at > :moment
    ) c
    WHERE id = ANY(:ids)
""")


class Account(Struct, frozen=True):
    """A place in one of the service's ledgers. What is available, `Balances.available`, never falls below `floor`."""

    id: UUID
    ledger: str
    code: str
    currency: str
    floor: int | None = None


class Balances(Struct, frozen=True):
    """The four sums of an account, in minor units."""

    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int

    @property
    def posted(self) -> int:
        """What it has."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> int:
        """What it may still give: what it has without what is set aside."""
        return self.posted - self.debits_pending


async def create_accounts(transaction: Transaction, accounts: Sequence[Account]) -> set[UUID]:
    """Open the accounts that do not exist, and give the ids of those that are new."""
    columns = zip(*map(astuple, accounts), strict=True)
    names = ("ids", "ledgers", "codes", "currencies", "floors")
    rows = await transaction.execute(CREATE, dict(zip(names, map(list, columns), strict=True)))
    return set(rows.scalars())


async def find_accounts(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Account]:
    """The accounts of those ids that exist."""
    rows = await transaction.execute(FIND, {"ids": list(ids)})
    return {row.id: Account(row.id, row.ledger, row.code, row.currency, row.floor) for row in rows}


async def balances(
    transaction: Transaction, ids: Sequence[UUID], at: datetime | None = None
) -> dict[UUID, Balances]:
    """What the accounts hold, or held at a moment. A past balance is final once all transactions of that moment have ended."""
    if at is None:
        rows = await transaction.execute(BALANCES, {"ids": list(ids)})
    else:
        rows = await transaction.execute(BALANCES_AT, {"ids": list(ids), "moment": at})
    return _by_id(rows)


async def lock_balances(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Balances]:
    """What the accounts hold until this transaction ends: for a bound of the service's own."""
    rows = await transaction.execute(LOCKED_BALANCES, {"ids": list(ids)})
    return _by_id(rows)


def _by_id(rows: Iterable[Any]) -> dict[UUID, Balances]:
    return {
        row.id: Balances(row.debits_pending, row.debits_posted, row.credits_pending, row.credits_posted)
        for row in rows
    }
