"""The audit log. Rows are only added; a trigger refuses to change them, and to delete them before their time."""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from common.database import Transaction
from subgraphs.identity.domain.audit import (
    EVERYONE,
    KEPT,
    TOPIC,
    EventKind,
    EventPage,
    Origin,
    Outcome,
    SecurityEvent,
)
from subgraphs.identity.tables import security_event

_PRUNED_AT_ONCE = 1_000
_TOLD_AT_ONCE = 100


async def record(
    transaction: Transaction,
    kind: EventKind,
    user_id: UUID | None,
    origin: Origin,
    *,
    outcome: Outcome = Outcome.SUCCESS,
    details: Mapping[str, str] | None = None,
) -> None:
    """Writes an event down in the transaction of what it tells of. `details` are for people, and never secret."""
    row = {
        "kind": kind.value,
        "outcome": outcome.value,
        "user_id": user_id,
        "actor_id": origin.actor_id,
        "client_address": origin.client_address,
        "details": details or {},
    }
    await transaction.execute(sa.insert(security_event).values(row))
    transaction.changed(TOPIC, EVERYONE)
    if user_id is not None:
        transaction.changed(TOPIC, str(user_id))


async def page(transaction: Transaction, user_id: UUID | None, first: int, after: UUID | None) -> EventPage:
    """The newest events before `after`: of one user's account, or all."""
    statement = sa.select(security_event).order_by(security_event.c.id.desc()).limit(first + 1)
    if user_id is not None:
        statement = statement.where(security_event.c.user_id == user_id)
    if after is not None:
        statement = statement.where(security_event.c.id < after)
    rows = (await transaction.execute(statement)).mappings().all()
    return EventPage([_event(row) for row in rows[:first]], len(rows) > first)


async def newest_id(transaction: Transaction) -> UUID:
    """An id that comes after those of all events until now."""
    id_: UUID = (await transaction.execute(sa.select(sa.func.uuidv7(type_=sa.Uuid)))).scalar_one()
    return id_


async def untold(
    transaction: Transaction, user_id: UUID | None, floor: UUID, told: Collection[UUID]
) -> list[SecurityEvent]:
    """The oldest events behind `floor`, but for those that were told: of one user's account, or all."""
    known = sa.bindparam("told", list(told), postgresql.ARRAY(sa.Uuid))
    statement = sa.select(security_event).order_by(security_event.c.id).limit(_TOLD_AT_ONCE)
    statement = statement.where(security_event.c.id > floor, security_event.c.id != sa.all_(known))
    if user_id is not None:
        statement = statement.where(security_event.c.user_id == user_id)
    return [_event(row) for row in (await transaction.execute(statement)).mappings()]


async def prune(transaction: Transaction) -> int:
    """Deletes some of what was kept long enough; how many."""
    old = (
        sa.select(security_event.c.id)
        .where(security_event.c.at < sa.func.now() - KEPT)
        .limit(_PRUNED_AT_ONCE)
    )
    return (await transaction.execute(sa.delete(security_event).where(security_event.c.id.in_(old)))).rowcount


def _event(row: sa.RowMapping) -> SecurityEvent:
    kind, outcome = EventKind(row["kind"]), Outcome(row["outcome"])
    return SecurityEvent(**{**row, "kind": kind, "outcome": outcome})
