"""Statements: what a tenant owes for a month, shown while it grows and fixed once the month is over.

A month is closed in one transaction that holds the tenant, as whoever changes its plan or grants it credits does. So it has one
statement however many processes close it; the lease only spares them the work.
"""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from common.database import Database, RetryableError, Transaction
from common.failpoints import failpoint
from common.leases import Lease
from common.tenancy import Tenancy
from subgraphs.tenants.domain.billing import GRACE, LATE, Book, Statement, Terms, draft, drafts
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.service.work import working
from subgraphs.tenants.store import audit, billing, crediting, tenants, terms, usage

INTERVAL = 60.0  # seconds
BATCH = 100
_ACTOR = "platform"

_log = logging.getLogger("hansa.tenants")


class Billing:
    """The use cases of statements; `turn` is for one process at a time."""

    def __init__(self, database: Database, tenancy: Tenancy) -> None:
        self._database = database
        self._tenancy = tenancy

    async def statement(self, user_id: str, tenant_id: UUID, month: Month) -> Statement | None:
        """What is owed for the month: as it was closed, else as things stand, as if they stayed so until its end.

        None for a month that has not begun, or before the tenant had any terms. Raises as `working`; so do the others.
        """
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN, is_snapshot=True) as work:
            closed = await billing.find_statement(work.transaction, month)
            if closed is not None or month > Month.of(await billing.now(work.transaction)):
                return closed
            first = await _first_open(work.transaction)
            if first is None or month < first:
                return None
            book = await _book(work.transaction, first, month)
            *_, preview = drafts(book, first, month)
            return preview

    async def statements(
        self, user_id: str, tenant_id: UUID, first: int, after: Month | None
    ) -> tuple[Statement, ...]:
        """Those that are closed, the newest first, from the one after that of the month `after`."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            return await billing.statements(work.transaction, first, after)

    async def terms(self, user_id: str, tenant_id: UUID, first: int, before: datetime | None) -> list[Terms]:
        """What the tenant pays and has paid, the newest first, since before `before`."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            return await terms.newest_terms(work.transaction, first, before)

    async def close(self, tenant_id: UUID) -> Statement | None:
        """Close the earliest month of the tenant that is over and not closed; None if there is none."""
        async with self._tenancy.transaction(tenant_id) as transaction:
            await tenants.find_tenant(transaction, locked=True)
            month = await _first_open(transaction)
            if month is None or month > _last_over(await billing.now(transaction)):
                return None
            statement = draft(await _book(transaction, month, month), month)
            await billing.add_statement(transaction, tenant_id, statement)
            failpoint("billing.close.after_statement")
            detail = {"total": statement.total, "currency": statement.currency}
            await audit.note(
                transaction, tenant_id, actor=_ACTOR, action="statement.close", subject=month, detail=detail
            )
            failpoint("billing.close.before_commit")
        return statement

    async def turn(self, _: Lease) -> None:
        """Close some months that are over, or wait a while. Raises RetryableError."""
        async with self._database.transaction() as transaction:
            over = _last_over(await billing.now(transaction))
            due = await billing.due(transaction, over, BATCH)
        closed = [await self._try_to_close(tenant_id) for tenant_id in due]
        if not any(closed):
            await asyncio.sleep(INTERVAL)

    async def _try_to_close(self, tenant_id: UUID) -> bool:
        """One tenant that cannot be billed keeps no other from it."""
        try:
            return await self.close(tenant_id) is not None
        except RetryableError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the others are closed
            _log.exception("A month of the tenant %s cannot be closed", tenant_id)
            return False


def _last_over(now: datetime) -> Month:
    """The last month that is to be closed."""
    return Month.of(now - GRACE).plus(-1)


async def _first_open(transaction: Transaction) -> Month | None:
    """The earliest month that is not closed; None for who has never had any terms."""
    last = await billing.last_closed(transaction)
    if last is not None:
        return last.plus(1)
    since = await terms.first_since(transaction)
    return None if since is None else Month.of(since)


async def _book(transaction: Transaction, first: Month, last: Month) -> Book:
    """All from which statements from `first` to `last` follow."""
    held = await terms.all_terms(transaction)
    return Book(
        currency=await terms.bound_currency(transaction) or held[-1].price.currency,
        terms=held,
        hours=await usage.answered_by_hour(transaction, first.plus(-LATE).start, last.end),
        statements=await billing.statements(transaction, LATE, first),
        credits=await crediting.credits_left(transaction),
    )
