"""Registered clients, and what people let them have."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.provider_tables import client, consent

_NOW = sa.func.now()
_STORED = [name for name in Client.__struct_fields__ if name not in {"old_secret_hash", "is_first_party"}]
_OLD = sa.case((client.c.old_secret_until > _NOW, client.c.old_secret_hash)).label("old_secret_hash")


async def client_by_id(transaction: Transaction, id_: str) -> Client | None:
    statement = sa.select(*(client.c[name] for name in _STORED), _OLD).where(client.c.id == id_)
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return Client(**row) if row else None


async def newest_clients(transaction: Transaction, first: int) -> list[Client]:
    statement = sa.select(*(client.c[name] for name in _STORED), _OLD)
    statement = statement.order_by(client.c.created_at.desc(), client.c.id).limit(first)
    return [Client(**row) for row in (await transaction.execute(statement)).mappings()]


async def insert_client(transaction: Transaction, new: Client) -> bool:
    """Whether there was none of that id."""
    statement = insert(client).values({name: getattr(new, name) for name in _STORED})
    return (await transaction.execute(statement.on_conflict_do_nothing())).rowcount == 1


async def replace_secret(transaction: Transaction, id_: str, secret_hash: bytes, overlap: timedelta) -> bool:
    """Whether the client is there and has a secret; the one until now counts for `overlap` more."""
    changes = {"old_secret_hash": client.c.secret_hash, "old_secret_until": _NOW + overlap}
    statement = sa.update(client).where(client.c.id == id_, client.c.secret_hash.is_not(None))
    return (await transaction.execute(statement.values(**changes, secret_hash=secret_hash))).rowcount == 1


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
