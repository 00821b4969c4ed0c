"""Registered clients, and what people let them have.

Each change of a client of this region has the next number here; `store.client_copies` tells others of it.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.provider_tables import client, consent
from subgraphs.identity.tables import region

_NOW = sa.func.now()
STORED = [
    name for name in Client.__struct_fields__ if name not in {"old_secret_hash", "region", "is_first_party"}
]
_OLD = sa.case((client.c.old_secret_until > _NOW, client.c.old_secret_hash)).label("old_secret_hash")
_CLIENT = [*(client.c[name] for name in STORED), client.c.region, _OLD]
_NOTHING: Mapping[str, Any] = {
    "secret_hash": None,
    "old_secret_hash": None,
    "redirect_uris": [],
    "post_logout_redirect_uris": [],
    "grant_types": [],
    "scopes": [],
    "backchannel_logout_uri": None,
}
"""What is left of a client that was removed."""


async def client_by_id(transaction: Transaction, id_: str) -> Client | None:
    statement = sa.select(*_CLIENT).where(client.c.id == id_, client.c.removed_at.is_(None))
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return Client(**row) if row else None


async def newest_clients(transaction: Transaction, first: int) -> list[Client]:
    statement = sa.select(*_CLIENT).where(client.c.removed_at.is_(None))
    statement = statement.order_by(client.c.created_at.desc(), client.c.id).limit(first)
    return [Client(**row) for row in (await transaction.execute(statement)).mappings()]


async def home_of(transaction: Transaction, id_: str) -> tuple[str, bool] | None:
    """The region of a client, and whether that is this one."""
    joined = sa.select(client.c.region, region.c.is_own).join(region)
    statement = joined.where(client.c.id == id_, client.c.removed_at.is_(None))
    row = (await transaction.execute(statement)).one_or_none()
    return (row.region, row.is_own) if row else None


async def insert_client(transaction: Transaction, new: Client) -> bool:
    """Whether there was none of that id. It is of this region now."""
    values = {name: getattr(new, name) for name in STORED} | await _next_change(transaction)
    statement = insert(client).values(values).on_conflict_do_nothing()
    return (await transaction.execute(statement)).rowcount == 1


async def replace_secret(
    transaction: Transaction, id_: str, secret_hash: bytes, overlap: timedelta | None
) -> bool:
    """Whether the client is there and has a secret; the one until now counts for `overlap` more.

    Without an overlap it ends, with all that it was given.
    """
    old = (
        {"old_secret_hash": None, "old_secret_until": None, "ended_at": _NOW}
        if overlap is None
        else {"old_secret_hash": client.c.secret_hash, "old_secret_until": _NOW + overlap}
    )
    has_one = client.c.secret_hash.is_not(None)
    return await _change(transaction, id_, {**old, "secret_hash": secret_hash}, has_one)


async def remove_client(transaction: Transaction, id_: str) -> bool:
    """Whether the client was there."""
    return await _change(transaction, id_, {**_NOTHING, "removed_at": _NOW, "ended_at": _NOW}, sa.true())


async def _change(
    transaction: Transaction, id_: str, values: Mapping[str, Any], condition: sa.ColumnElement[bool]
) -> bool:
    """Whether there is such a client of this region, which has changed now."""
    change = await _next_change(transaction)
    is_own = sa.and_(client.c.region == change["region"], client.c.removed_at.is_(None))
    statement = sa.update(client).where(client.c.id == id_, is_own, condition)
    return (await transaction.execute(statement.values(**values, **change))).rowcount == 1


async def _next_change(transaction: Transaction) -> dict[str, Any]:
    """This region and its next number; nobody else gets one before the transaction ends, so numbers are in the order of the commits."""
    counted = sa.update(region).where(region.c.is_own).values(clients=region.c.clients + 1)
    row = (await transaction.execute(counted.returning(region.c.name, region.c.clients))).one()
    return {"region": row.name, "seq": row.clients}


async def consented_scopes(transaction: Transaction, user_id: UUID, client_id: str) -> frozenset[str]:
    statement = sa.select(consent.c.scopes)
    statement = statement.where(consent.c.user_id == user_id, consent.c.client_id == client_id)
    return frozenset((await transaction.execute(statement)).scalar_one_or_none() or ())


async def put_consent(
    transaction: Transaction, user_id: UUID, client_id: str, scopes: Collection[str]
) -> None:
    statement = insert(consent).values(user_id=user_id, client_id=client_id, scopes=list(scopes))
    changes = {"scopes": statement.excluded.scopes, "granted_at": _NOW}
    await transaction.execute(
        statement.on_conflict_do_update(index_elements=consent.primary_key, set_=changes)
    )
