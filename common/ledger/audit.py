"""The auditor: looks in one snapshot whether debits and credits are equal, and whether accounts are what transfers made them."""

from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction

IMBALANCES: Final = text("""
    SELECT ledger, currency, (sum(debits_posted) - sum(credits_posted))::bigint AS posted,
           (sum(debits_pending) - sum(credits_pending))::bigint AS pending
    FROM ledger_account GROUP BY ledger, currency
    HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)
""")
DRIFT: Final = text("""
    SELECT id FROM ledger_account a
    LEFT JOIN (
        SELECT account_id, sum(debits_pending) AS dn, sum(debits_posted) AS dp,
               sum(credits_pending) AS cn, sum(credits_posted) AS cp
        FROM ledger_transfer t,
        LATERAL (SELECT CASE WHEN kind = 'PENDING' THEN amount ELSE -released END AS pending,
                        CASE WHEN kind IN ('POSTED', 'POST') THEN amount ELSE 0 END AS posted) s,
        LATERAL (VALUES (debit_id, pending, posted, 0, 0), (credit_id, 0, 0, pending, posted))
            AS side (account_id, debits_pending, debits_posted, credits_pending, credits_posted)
        GROUP BY account_id
    ) t ON t.account_id = a.id
    WHERE (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted)
          <> (coalesce(dn, 0), coalesce(dp, 0), coalesce(cn, 0), coalesce(cp, 0))
""")


class Imbalance(Struct, frozen=True):
    """Debits less credits of one currency in one ledger, which should both be zero."""

    ledger: str
    currency: str
    posted: int
    pending: int


async def find_imbalances(transaction: Transaction) -> list[Imbalance]:
    """The ledgers and currencies whose debits are not their credits; one statement sees one snapshot, so none ever."""
    rows = await transaction.execute(IMBALANCES)
    return [Imbalance(row.ledger, row.currency, row.posted, row.pending) for row in rows]


async def find_drift(transaction: Transaction) -> list[UUID]:
    """The accounts whose sums are not those of their transfers. It reads the whole ledger."""
    return list((await transaction.execute(DRIFT)).scalars())
