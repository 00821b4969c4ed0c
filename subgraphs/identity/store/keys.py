"""The signing keys, and the clock that decides about them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.identity.domain.keys import SigningKey
from subgraphs.identity.tables import region, signing_key

_KEYS_LOCK = 0x1D_0001


async def lock_signing_keys(transaction: Transaction) -> None:
    """Lets one transaction at a time decide about a rotation."""
    await transaction.execute(sa.select(sa.func.pg_advisory_xact_lock(_KEYS_LOCK)))


async def signing_keys(transaction: Transaction) -> list[SigningKey]:
    rows = await transaction.execute(sa.select(signing_key).order_by(signing_key.c.active_from))
    return [SigningKey(**row) for row in rows.mappings()]


async def database_time(transaction: Transaction) -> datetime:
    now: datetime = (await transaction.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return now


async def keys_of_other_regions(transaction: Transaction) -> list[dict[str, Any]]:
    """Their public keys, as they were when this region last heard of them."""
    rows = await transaction.execute(sa.select(region.c.public_keys).where(~region.c.is_own))
    return [key for keys in rows.scalars() for key in keys]


async def next_kid(transaction: Transaction) -> str:
    """An id that no key had before: the region and a number."""
    number = sa.func.nextval("signing_key_number")
    statement = sa.select(region.c.name, number.label("number")).where(region.c.is_own)
    row = (await transaction.execute(statement)).one()
    return f"{row.name}:{row.number}"


async def insert_signing_key(transaction: Transaction, key: SigningKey) -> None:
    await transaction.execute(
        sa.insert(signing_key).values({name: getattr(key, name) for name in key.__struct_fields__})
    )


async def delete_signing_keys(transaction: Transaction, kids: Iterable[str]) -> None:
    await transaction.execute(sa.delete(signing_key).where(signing_key.c.kid.in_(list(kids))))
