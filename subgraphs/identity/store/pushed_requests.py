"""Pushed authorization requests, by the hash of what stands for them; the database's clock decides which still count."""

from collections.abc import Mapping

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.identity.domain.pushed_requests import LIFETIME
from subgraphs.identity.provider_tables import pushed_request

_NOW = sa.func.now()


async def insert_pushed(
    transaction: Transaction, token_hash: bytes, client_id: str, fields: Mapping[str, str]
) -> None:
    values = {"token_hash": token_hash, "client_id": client_id, "fields": dict(fields)}
    await transaction.execute(sa.insert(pushed_request).values(**values, expires_at=_NOW + LIFETIME))


async def pushed(transaction: Transaction, token_hash: bytes, client_id: str) -> Mapping[str, str] | None:
    """What the client asked."""
    statement = sa.select(pushed_request.c.fields).where(
        _live(token_hash), pushed_request.c.client_id == client_id
    )
    fields: Mapping[str, str] | None = (await transaction.execute(statement)).scalar_one_or_none()
    return fields


async def delete_pushed(transaction: Transaction, token_hash: bytes) -> bool:
    """Whether it was there until now: of two that delete it at once one hears yes."""
    return (await transaction.execute(sa.delete(pushed_request).where(_live(token_hash)))).rowcount == 1


async def delete_expired(transaction: Transaction) -> None:
    await transaction.execute(sa.delete(pushed_request).where(pushed_request.c.expires_at <= _NOW))


def _live(token_hash: bytes) -> sa.ColumnElement[bool]:
    return (pushed_request.c.token_hash == token_hash) & (pushed_request.c.expires_at > _NOW)
