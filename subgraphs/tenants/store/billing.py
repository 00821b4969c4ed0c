"""Statements of the transaction's tenant, which are added and never change; `due` is for transactions of the platform."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.domain.billing import Line, LineKind, Statement
from subgraphs.tenants.domain.crediting import AppliedCredit
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.store.crediting import use_credits
from subgraphs.tenants.tables import credit_use, statement, statement_line, tenant, terms


async def add_statement(transaction: Transaction, tenant_id: UUID, closed: Statement) -> None:
    """Close the month; the tenant is locked."""
    month = closed.month.day
    values = {"tenant_id": tenant_id, "month": month, "currency": closed.currency}
    await transaction.execute(sa.insert(statement).values(values))
    owner = {"tenant_id": tenant_id, "statement_month": month}
    rows = [
        {**owner, "position": position, **msgspec.structs.asdict(line), "month": line.month.day}
        for position, line in enumerate(closed.lines)
    ]
    await transaction.execute(sa.insert(statement_line), rows)
    await use_credits(transaction, tenant_id, closed.month, closed.credits)


async def find_statement(transaction: Transaction, month: Month) -> Statement | None:
    """The closed one of that month."""
    found = await _read(transaction, sa.select(statement).where(statement.c.month == month.day))
    return found[0] if found else None


async def statements(transaction: Transaction, first: int, before: Month | None) -> tuple[Statement, ...]:
    """The newest closed ones, `first` at most, of months before `before`."""
    query = sa.select(statement).order_by(statement.c.month.desc()).limit(first)
    if before is not None:
        query = query.where(statement.c.month < before.day)
    return await _read(transaction, query)


async def last_closed(transaction: Transaction) -> Month | None:
    day = (await transaction.execute(sa.select(sa.func.max(statement.c.month)))).scalar_one()
    return None if day is None else Month.of_day(day)


async def due(transaction: Transaction, month: Month, limit: int) -> list[UUID]:
    """Tenants, `limit` at most, of which that month is not closed, which has ended. Some of those that wait, not the first."""
    is_closed = sa.exists().where(statement.c.tenant_id == tenant.c.id, statement.c.month == month.day)
    has_begun = sa.exists().where(terms.c.tenant_id == tenant.c.id, terms.c.since < month.end)
    query = sa.select(tenant.c.id).where(~is_closed, has_begun).order_by(sa.func.random()).limit(limit)
    return list((await transaction.execute(query)).scalars())


async def now(transaction: Transaction) -> datetime:
    """By the database's clock."""
    moment: datetime = (await transaction.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return moment


async def _read(transaction: Transaction, query: sa.Select[Any]) -> tuple[Statement, ...]:
    """The statements of `query`, with their lines and credits: three queries."""
    found = (await transaction.execute(query)).all()
    months = [row.month for row in found]
    lines = await _lines(transaction, months)
    used = await _credits(transaction, months)
    return tuple(
        Statement(
            month=Month.of_day(row.month),
            currency=row.currency,
            lines=tuple(lines.get(row.month, ())),
            credits=tuple(used.get(row.month, ())),
            closed_at=row.closed_at,
        )
        for row in found
    )


async def _lines(transaction: Transaction, months: Sequence[Any]) -> dict[Any, list[Line]]:
    query = sa.select(statement_line).where(_among(statement_line.c.statement_month, months))
    rows = await transaction.execute(query.order_by(statement_line.c.position))
    return _grouped((row.statement_month, _line(row)) for row in rows)


async def _credits(transaction: Transaction, months: Sequence[Any]) -> dict[Any, list[AppliedCredit]]:
    query = sa.select(credit_use).where(_among(credit_use.c.month, months)).order_by(credit_use.c.credit_id)
    rows = await transaction.execute(query)
    return _grouped((row.month, AppliedCredit(row.credit_id, row.amount)) for row in rows)


def _line(row: Any) -> Line:
    values = {name: getattr(row, name) for name in Line.__struct_fields__}
    return Line(**{**values, "kind": LineKind(row.kind), "month": Month.of_day(row.month)})


def _among(column: sa.Column[Any], days: Sequence[Any]) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.literal(list(days), sa.ARRAY(sa.Date)))


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
