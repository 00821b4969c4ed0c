"""Copies of what other regions tell of themselves; a copy is written again by whoever hears it again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from common.auth.revocation import Cursor, RegionPage
from common.database import Transaction
from subgraphs.identity.domain.clients import ClientPage
from subgraphs.identity.store.client_copies import delete_copies
from subgraphs.identity.tables import region, revocation


class Place(Struct, frozen=True):
    """Up to where a region is known here: its revocations, and the changes of its clients."""

    cursor: Cursor
    clients: int


async def place_of(transaction: Transaction, name: str) -> Place | None:
    """Up to where this region knows another; None of one that it knows nothing of."""
    statement = sa.select(region).where(region.c.name == name, ~region.c.is_own)
    row = (await transaction.execute(statement)).one_or_none()
    return Place(Cursor(str(row.feed), row.newest), row.clients) if row else None


async def begin_copy(transaction: Transaction, page: RegionPage) -> None:
    """Makes room for a region, anew for one that has begun to count anew."""
    known = await place_of(transaction, page.region)
    if known is not None and known.cursor.feed == page.feed:
        return
    await transaction.execute(sa.delete(revocation).where(revocation.c.region == page.region))
    await delete_copies(transaction, page.region)
    values = {"name": page.region, "feed": page.feed, "is_own": False, "newest": 0}
    statement = insert(region).values(values)
    changes = {"feed": page.feed, "newest": 0, "clients": 0}
    await transaction.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_=changes, where=~region.c.is_own)
    )


async def copy_revocations(transaction: Transaction, page: RegionPage) -> None:
    """Keeps the marks of a page; whose they are is not known here."""
    rows = [
        {
            "region": page.region,
            "seq": entry.seq,
            "mark": entry.mark,
            "until": datetime.fromtimestamp(entry.until, UTC),
            "issued_until": entry.issued_until and datetime.fromtimestamp(entry.issued_until, UTC),
        }
        for entry in page.entries
    ]
    if rows:
        await transaction.execute(insert(revocation).on_conflict_do_nothing(), rows)


async def end_copy(
    transaction: Transaction,
    page: RegionPage,
    *,
    keys: Sequence[dict[str, Any]],
    active_kid: str | None,
    clients: ClientPage | None,
    age: timedelta | None,
) -> None:
    """Up to where the copy reaches now; if it tells all of the region, then as that was `age` ago."""
    values: dict[str, Any] = {
        "newest": sa.func.greatest(region.c.newest, page.position),
        "public_keys": list(keys),
        "active_kid": active_kid,
    }
    if clients is not None:
        values["clients"] = sa.func.greatest(region.c.clients, clients.position)
    if age is not None:
        values["heard_at"] = sa.func.greatest(region.c.heard_at, sa.func.clock_timestamp() - age)
    own_row = sa.and_(region.c.name == page.region, region.c.feed == page.feed, ~region.c.is_own)
    await transaction.execute(sa.update(region).where(own_row).values(values))
