"""The revocation feed's rows: those of this region, and copies of the others'."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from common.auth.revocation import Entry
from common.database import Transaction
from subgraphs.identity.tables import region, revocation, signing_key


class Feed(Struct, frozen=True):
    """Up to where a region's revocations, and the changes of its clients, are known here, and for how many seconds nothing was heard of it."""

    region: str
    is_own: bool
    feed: str
    newest: int
    lag: float
    active_kid: str | None
    clients: int


async def name_own_region(transaction: Transaction, name: str) -> str:
    """This region's name: `name`, unless it has keys or has revoked something under another."""
    unused = sa.and_(
        region.c.is_own,
        region.c.newest == 0,
        ~sa.exists().where(signing_key.c.kid.like(region.c.name + ":%")),
    )
    await transaction.execute(sa.update(region).where(unused).values(name=name))
    return await own_name(transaction)


async def own_name(transaction: Transaction) -> str:
    statement = sa.select(region.c.name).where(region.c.is_own)
    return str((await transaction.execute(statement)).scalar_one())


async def next_seq(transaction: Transaction) -> Mapping[str, Any]:
    """The next number of this region, with its `name`; nobody else gets one before the transaction ends."""
    counted = sa.update(region).where(region.c.is_own).values(newest=region.c.newest + 1)
    result = await transaction.execute(counted.returning(region.c.name, region.c.newest))
    return dict(result.mappings().one())


async def insert_revocation(transaction: Transaction, **values: Any) -> None:
    await transaction.execute(sa.insert(revocation).values(values))


async def database_time(transaction: Transaction) -> datetime:
    now: datetime = (await transaction.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return now


async def feeds(transaction: Transaction) -> list[Feed]:
    """All regions, this one first; what is known of it is as new as the question."""
    age = sa.extract("epoch", sa.func.clock_timestamp() - region.c.heard_at)
    lag = sa.case((region.c.is_own, 0.0), else_=age)
    statement = sa.select(region, lag.label("lag")).order_by(region.c.is_own.desc(), region.c.name)
    rows = await transaction.execute(statement)
    return [
        Feed(row.name, row.is_own, str(row.feed), row.newest, float(row.lag), row.active_kid, row.clients)
        for row in rows
    ]


async def revocations(
    transaction: Transaction, name: str, after: int, newest: int, limit: int
) -> tuple[int, tuple[Entry, ...]]:
    """What a region has revoked behind `after` and up to `newest`, and up to where that reaches with `limit` rows."""
    wanted = sa.and_(revocation.c.region == name, revocation.c.seq > after, revocation.c.seq <= newest)
    statement = (
        sa.select(
            revocation.c.seq,
            revocation.c.mark,
            sa.extract("epoch", revocation.c.until).label("until"),
            sa.extract("epoch", revocation.c.issued_until).label("issued_until"),
        )
        .where(wanted, revocation.c.until > sa.func.now())
        .order_by(revocation.c.seq)
        .limit(limit)
    )
    rows = (await transaction.execute(statement)).all()
    entries = tuple(
        Entry(
            row.seq, row.mark, float(row.until), None if row.issued_until is None else float(row.issued_until)
        )
        for row in rows
    )
    return (rows[-1].seq if len(rows) == limit else newest), entries


async def delete_revocations_that_are_over(transaction: Transaction) -> None:
    await transaction.execute(sa.delete(revocation).where(revocation.c.until < sa.func.now()))
