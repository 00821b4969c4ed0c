"""Usage by the hour: added to in transactions of the platform, read in those of a tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.tenants.dataplane.control import Usage
from subgraphs.tenants.domain.usage import MAX_BUCKETS, Bucket, Dimension, Window
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import usage, usage_batch

NUMBERS = ("requests", "refused", "failed", "bytes_in", "bytes_out")

# in the order of the key, so that two batches wait for one another rather than deadlock
ADD = sa.text("""
    INSERT INTO usage (tenant_id, hour, route, consumer, key_id, requests, refused, failed, bytes_in, bytes_out)
    SELECT tenant.id, to_timestamp(told.hour * 3600), told.route, told.consumer, told.key,
           sum(told.requests), sum(told.refused), sum(told.failed), sum(told.bytes_in), sum(told.bytes_out)
    FROM jsonb_to_recordset(CAST(:rows AS text)::jsonb) AS told (
        tenant text, hour bigint, route text, consumer text, key text,
        requests bigint, refused bigint, failed bigint, bytes_in bigint, bytes_out bigint
    ) JOIN tenant ON tenant.id::text = told.tenant
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (tenant_id, hour, route, consumer, key_id) DO UPDATE SET
        requests = usage.requests + excluded.requests, refused = usage.refused + excluded.refused,
        failed = usage.failed + excluded.failed, bytes_in = usage.bytes_in + excluded.bytes_in,
        bytes_out = usage.bytes_out + excluded.bytes_out
""")
PRUNE = sa.text("DELETE FROM usage_batch WHERE at < now() - interval '30 days'")

_COLUMNS = {
    Dimension.ROUTE: usage.c.route,
    Dimension.CONSUMER: usage.c.consumer,
    Dimension.KEY: usage.c.key_id,
}
_month = sa.func.date_trunc("month", sa.func.now(), "UTC")


async def receive_batch(transaction: Transaction, id_: UUID) -> bool:
    """Whether the batch is new; it is not any more if the transaction commits."""
    received = await transaction.execute(insert(usage_batch).values(id=id_).on_conflict_do_nothing())
    return received.rowcount > 0


async def add_usage(transaction: Transaction, told: Sequence[Usage]) -> None:
    """Add to the hours of tenants that exist."""
    await transaction.execute(ADD, {"rows": msgspec.json.encode(told).decode()})


async def buckets(transaction: Transaction, window: Window, consumer: str | None = None) -> list[Bucket]:
    """The window's buckets that are not empty, of all or of a `consumer`, by time, `MAX_BUCKETS` at most."""
    start = sa.func.date_trunc(window.span.lower(), usage.c.hour, "UTC").label("start")
    keys: list[sa.ColumnElement[Any]] = [start]
    shown: list[sa.ColumnElement[Any]] = [start]
    for dimension, column in _COLUMNS.items():
        if dimension in window.by:
            keys.append(column)
            shown.append(column)
        else:
            shown.append(sa.null().label(column.name))
    sums = [sa.cast(sa.func.sum(usage.c[name]), sa.BigInteger).label(name) for name in NUMBERS]
    query = (
        sa.select(*shown, *sums)
        .where(usage.c.hour >= window.since, usage.c.hour < window.until)
        .group_by(*keys)
        .order_by(*keys)
        .limit(MAX_BUCKETS)
    )
    if consumer is not None:
        query = query.where(usage.c.consumer == consumer)
    return [read(row, Bucket) for row in await transaction.execute(query)]


async def used_this_month(transaction: Transaction) -> tuple[int, datetime]:
    """How many requests were answered since the month began, by the database's clock and in UTC; and when the next one begins."""
    total = sa.cast(sa.func.coalesce(sa.func.sum(usage.c.requests), 0), sa.BigInteger)
    next_month = sa.func.date_trunc("month", _month + sa.text("interval '40 days'"), "UTC")
    query = sa.select(total.label("used"), next_month.label("resets_at")).where(usage.c.hour >= _month)
    row = (await transaction.execute(query)).one()
    return row.used, row.resets_at


async def answered_by_hour(transaction: Transaction, since: datetime, until: datetime) -> dict[datetime, int]:
    """How many requests upstreams have answered in each hour from `since` and before `until` that had any."""
    total = sa.cast(sa.func.sum(usage.c.requests), sa.BigInteger).label("total")
    query = sa.select(usage.c.hour, total).where(usage.c.hour >= since, usage.c.hour < until)
    rows = await transaction.execute(query.group_by(usage.c.hour))
    return {row.hour: row.total for row in rows}


async def prune(transaction: Transaction) -> None:
    """Forget batches that no data plane sends again."""
    await transaction.execute(PRUNE)
