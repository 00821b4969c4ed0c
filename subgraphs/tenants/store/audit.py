"""Who changed what: rows that are added in the transaction of the change, and never changed or deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from common.database import Transaction
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import audit


class Entry(Struct, frozen=True):
    """`actor` did `action` to `subject`; `detail` is what of it changed, without secrets."""

    tenant_id: UUID
    id: UUID
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    at: datetime


async def note(
    transaction: Transaction,
    tenant_id: UUID,
    *,
    actor: str,
    action: str,
    subject: object,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add an entry, which tells of the change if, and only if, the transaction commits."""
    values = {"tenant_id": tenant_id, "actor": actor, "action": action, "subject": str(subject)}
    await transaction.execute(sa.insert(audit).values(**values, detail=dict(detail or {})))


async def entries(transaction: Transaction, first: int, before: UUID | None) -> list[Entry]:
    """The newest of the transaction's tenant, `first` at most, older than `before`."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(first)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [read(row, Entry) for row in await transaction.execute(query)]
