"""API keys of the transaction's tenant; `find_facts` is for transactions of the platform."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.domain.keys import SHOWN, ApiKey, NewKey
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import api_key, tenant

TOPIC = "keys"

_now = sa.func.now()
_is_live = sa.and_(
    api_key.c.revoked_at.is_(None), sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > _now)
)


async def add_key(
    transaction: Transaction,
    tenant_id: UUID,
    id_: UUID,
    new: NewKey,
    *,
    secret: str,
    key_hash: bytes,
    by: str,
    rolled_from: UUID | None = None,
) -> ApiKey | None:
    """The new key; None when it would have expired already."""
    values = {
        "tenant_id": tenant_id,
        "id": id_,
        "name": new.name,
        "start": secret[:SHOWN],
        "key_hash": key_hash,
        "consumer": new.consumer,
        "plan": new.plan,
        "scopes": list(new.scopes),
        "created_by": by,
        "expires_at": new.expires_at,
        "rolled_from": rolled_from,
    }
    row = (await transaction.execute(sa.insert(api_key).values(values).returning(api_key, _is_live))).one()
    return read(row, ApiKey) if row[-1] else None


async def count_live(transaction: Transaction) -> int:
    """How many keys count now."""
    query = sa.select(sa.func.count()).select_from(api_key).where(_is_live)
    number: int = (await transaction.execute(query)).scalar_one()
    return number


async def keys(
    transaction: Transaction, first: int, before: UUID | None, consumer: str | None = None
) -> list[ApiKey]:
    """The newest, of all or of a `consumer`, `first` at most, made before the key `before`."""
    query = sa.select(api_key).order_by(api_key.c.id.desc()).limit(first)
    if consumer is not None:
        query = query.where(api_key.c.consumer == consumer)
    if before is not None:
        query = query.where(api_key.c.id < before)
    return [read(row, ApiKey) for row in await transaction.execute(query)]


async def find_key(transaction: Transaction, id_: UUID) -> ApiKey | None:
    query = sa.select(api_key).where(api_key.c.id == id_)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else read(row, ApiKey)


async def end_key(transaction: Transaction, id_: UUID, overlap: timedelta) -> tuple[ApiKey, bytes] | None:
    """Let a live key expire after `overlap` at the latest; it, and its hash. None if it is not live."""
    end = sa.func.least(api_key.c.expires_at, _now + overlap)
    return await _end(transaction, id_, expires_at=end)


async def revoke_key(transaction: Transaction, id_: UUID) -> tuple[ApiKey, bytes] | None:
    """Let a live key count no more; it, and its hash. None if it is not live."""
    return await _end(transaction, id_, revoked_at=_now)


async def revoke_keys_of(transaction: Transaction, consumer: str) -> list[bytes]:
    """Let no key of the consumer count any more; the hashes of those that did."""
    statement = sa.update(api_key).where(api_key.c.consumer == consumer, _is_live).values(revoked_at=_now)
    return list((await transaction.execute(statement.returning(api_key.c.key_hash))).scalars())


async def hashes(transaction: Transaction) -> list[bytes]:
    """Those of all keys that are not revoked."""
    query = sa.select(api_key.c.key_hash).where(api_key.c.revoked_at.is_(None))
    return list((await transaction.execute(query)).scalars())


async def find_facts(transaction: Transaction, key_hash: bytes) -> KeyFacts | None:
    """What is known of a key of any tenant, which may have expired; None if it is revoked or unknown, or its tenant suspended."""
    return await _find_facts(transaction, api_key.c.key_hash == key_hash)


async def find_facts_of(transaction: Transaction, id_: UUID) -> KeyFacts | None:
    """The same of the key of that id."""
    return await _find_facts(transaction, api_key.c.id == id_)


async def _find_facts(transaction: Transaction, is_it: sa.ColumnElement[bool]) -> KeyFacts | None:
    query = (
        sa.select(api_key)
        .join(tenant, tenant.c.id == api_key.c.tenant_id)
        .where(is_it, api_key.c.revoked_at.is_(None), tenant.c.suspended_at.is_(None))
    )
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _facts(row)


async def _end(
    transaction: Transaction, id_: UUID, **values: sa.ColumnElement[datetime]
) -> tuple[ApiKey, bytes] | None:
    statement = sa.update(api_key).where(api_key.c.id == id_, _is_live).values(values).returning(api_key)
    row = (await transaction.execute(statement)).one_or_none()
    return None if row is None else (read(row, ApiKey), row.key_hash)


def _facts(row: sa.Row[tuple[object, ...]]) -> KeyFacts:
    return KeyFacts(
        id=str(row.id),
        tenant=str(row.tenant_id),
        consumer=row.consumer,
        plan=row.plan,
        scopes=frozenset(row.scopes),
        expires_at=row.expires_at.timestamp() if row.expires_at else None,
    )
