"""The numbered changes that data planes follow.

Who adds one holds the feed's only row until its transaction ends. So numbers are in the order of the commits and none is missing: who
has read up to a number has seen all there is up to it. It is taken last in a transaction, as everybody waits for it.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from common.database import Transaction
from common.failpoints import failpoint
from subgraphs.tenants.tables import change, feed

TOPIC = "changes"

ADD = sa.text("""
    WITH counted AS (UPDATE feed SET last = last + cardinality(CAST(:hashes AS bytea[])) RETURNING last)
    INSERT INTO change (sequence, tenant_id, kind, key_hash)
    SELECT last - cardinality(CAST(:hashes AS bytea[])) + number, :tenant, :kind, hash
    FROM counted, unnest(CAST(:hashes AS bytea[])) WITH ORDINALITY AS added (hash, number)
""")
ADD_OF_PLAN = sa.text("""
    WITH changed AS (SELECT id, row_number() OVER () AS number FROM tenant WHERE plan = :plan),
    counted AS (UPDATE feed SET last = last + (SELECT count(*) FROM changed) RETURNING last)
    INSERT INTO change (sequence, tenant_id, kind)
    SELECT last - (SELECT count(*) FROM changed) + number, id, 'TENANT' FROM changed, counted
""")
PRUNE = sa.text("DELETE FROM change WHERE at < now() - interval '1 day'")


class Changed(Struct, frozen=True):
    """Which tenants and which keys have changed up to the change number `sequence`."""

    sequence: int
    tenants: frozenset[UUID]
    keys: tuple[bytes, ...]


async def tenant_changed(transaction: Transaction, tenant_id: UUID) -> None:
    """Tell data planes that the tenant is served otherwise: by another configuration or plan, or not at all."""
    await _add(transaction, tenant_id, "TENANT", [None])


async def plan_changed(transaction: Transaction, plan: str) -> None:
    """The same of all tenants that have the plan; for transactions of the platform."""
    await transaction.execute(ADD_OF_PLAN, {"plan": plan})
    transaction.changed(TOPIC, TOPIC)


async def keys_changed(transaction: Transaction, tenant_id: UUID, hashes: Sequence[bytes]) -> None:
    """Tell data planes to forget what they know of the tenant's keys with these hashes."""
    if hashes:
        await _add(transaction, tenant_id, "KEY", hashes)


async def last(transaction: Transaction) -> int:
    """The number of the last change; 0 before there was one."""
    number: int = (await transaction.execute(sa.select(feed.c.last))).scalar_one()
    return number


async def last_and_time(transaction: Transaction) -> tuple[int, float]:
    """The number of the last change, and the database's clock in seconds since 1970."""
    now = sa.extract("epoch", sa.func.clock_timestamp()).label("now")
    row = (await transaction.execute(sa.select(feed.c.last, now))).one()
    return row.last, float(row.now)


async def read(transaction: Transaction, after: int, limit: int) -> Changed | None:
    """The changes after `after`, at most `limit`; None when some of them are not kept any more, or `after` never was."""
    newest = await last(transaction)  # first, as more may commit before the next statement
    if newest == after:
        return Changed(after, frozenset(), ())
    query = sa.select(change).where(change.c.sequence > after).order_by(change.c.sequence).limit(limit)
    changes = (await transaction.execute(query)).all()
    if not changes or changes[0].sequence != after + 1:
        return None
    tenants = frozenset(each.tenant_id for each in changes if each.kind == "TENANT")
    keys = dict.fromkeys(each.key_hash for each in changes if each.kind == "KEY")
    return Changed(changes[-1].sequence, tenants, tuple(keys))


async def prune(transaction: Transaction) -> None:
    """Forget changes that are too old; who is that far behind starts anew."""
    await transaction.execute(PRUNE)


async def _add(transaction: Transaction, tenant_id: UUID, kind: str, hashes: Sequence[bytes | None]) -> None:
    failpoint("feed.before_add")
    await transaction.execute(ADD, {"tenant": tenant_id, "kind": kind, "hashes": list(hashes)})
    transaction.changed(TOPIC, TOPIC)
    failpoint("feed.after_add")
