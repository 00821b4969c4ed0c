"""What a region tells others of its clients, and copies of what others tell; a copy is written again by whoever hears it again."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.clients import Client, ClientPage, Registration
from subgraphs.identity.provider_tables import client
from subgraphs.identity.store.clients import STORED
from subgraphs.identity.tables import region

_STATE = [name for name in Registration.__struct_fields__ if name != "client"]
_HAS_ENDED = "old.id IS NOT NULL AND new.ended_at IS DISTINCT FROM old.ended_at"


async def own_page(transaction: Transaction, after: int, limit: int) -> ClientPage:
    """The clients of this region that have changed behind the number `after`, `limit` at most."""
    own = (await transaction.execute(sa.select(region.c.name, region.c.clients).where(region.c.is_own))).one()
    columns = [*(client.c[name] for name in (*STORED, *_STATE)), client.c.old_secret_hash]
    # One that changes again meanwhile has a later number, and comes with that.
    wanted = sa.and_(client.c.region == own.name, client.c.seq > after, client.c.seq <= own.clients)
    statement = sa.select(*columns).where(wanted).order_by(client.c.seq).limit(limit)
    rows = (await transaction.execute(statement)).mappings().all()
    registrations = tuple(map(_registration, rows))
    position = registrations[-1].seq if len(registrations) == limit else own.clients
    return ClientPage(position, own.clients, registrations)


async def copy_clients(transaction: Transaction, name: str, page: ClientPage) -> Sequence[str]:
    """Keeps what the region `name` tells of its clients, unless something newer is known.

    The ids of those that were known here, and whose tokens ended since.
    """
    ended = []
    for registration in page.registrations:
        statement = insert(client).values({**_row(registration), "region": name})
        changes = {column.name: column for column in statement.excluded if column.name != "id"}
        newer = sa.and_(client.c.region == name, client.c.seq < statement.excluded.seq)
        has_ended = sa.literal_column(_HAS_ENDED, sa.Boolean)
        upsert = statement.on_conflict_do_update(index_elements=["id"], set_=changes, where=newer)
        if (await transaction.execute(upsert.returning(has_ended))).scalar_one_or_none():
            ended.append(registration.client.id)
    return ended


async def delete_copies(transaction: Transaction, name: str) -> None:
    await transaction.execute(sa.delete(client).where(client.c.region == name))


def _registration(row: sa.RowMapping) -> Registration:
    told = {name: row[name] for name in (*STORED, "old_secret_hash")}
    return Registration(client=Client(**told), **{name: row[name] for name in _STATE})


def _row(registration: Registration) -> dict[str, Any]:
    told = {name: getattr(registration.client, name) for name in (*STORED, "old_secret_hash")}
    return told | {name: getattr(registration, name) for name in _STATE}
