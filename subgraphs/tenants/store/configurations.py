"""Versions of configurations of the transaction's tenant; `serving` is for transactions of the platform."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.domain.configurations import Document, Version, encode
from subgraphs.tenants.domain.tenants import Tenant
from subgraphs.tenants.store.tenants import tenant_of
from subgraphs.tenants.tables import configuration, domain, tenant

_decode = msgspec.json.Decoder(Document).decode


class Served(NamedTuple):
    """A tenant, the document that it is served by, None before there is one, and the domains that it has proved."""

    tenant: Tenant
    document: Document | None
    domains: frozenset[str]


async def add_version(
    transaction: Transaction,
    tenant_id: UUID,
    document: Document,
    *,
    checksum: str,
    by: str,
    restored: int | None,
) -> Version:
    """The next version; the tenant is locked."""
    newest = sa.select(sa.func.coalesce(sa.func.max(configuration.c.version), 0) + 1).scalar_subquery()
    values = {
        "tenant_id": tenant_id,
        "version": newest,
        "document": encode(document),
        "checksum": checksum,
        "restored": restored,
        "created_by": by,
    }
    added = await transaction.execute(sa.insert(configuration).values(values).returning(configuration))
    return _version(added.one())


async def find_version(transaction: Transaction, version: int) -> Version | None:
    query = sa.select(configuration).where(configuration.c.version == version)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _version(row)


async def versions(transaction: Transaction, first: int, before: int | None) -> list[Version]:
    """The newest, `first` at most, older than the version `before`."""
    query = sa.select(configuration).order_by(configuration.c.version.desc()).limit(first)
    if before is not None:
        query = query.where(configuration.c.version < before)
    return [_version(row) for row in await transaction.execute(query)]


async def serving(transaction: Transaction, ids: Collection[UUID] | None = None) -> Iterator[Served]:
    """The tenants of those ids, or all of them."""
    is_current = sa.and_(
        configuration.c.tenant_id == tenant.c.id, configuration.c.version == tenant.c.config_version
    )
    proved = (
        sa.select(sa.func.array_agg(domain.c.host))
        .where(domain.c.tenant_id == tenant.c.id, domain.c.verified_at.is_not(None))
        .scalar_subquery()
    )
    query = sa.select(tenant, configuration.c.document, proved.label("domains")).outerjoin(
        configuration, is_current
    )
    if ids is not None:
        query = query.where(tenant.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid))))
    rows = (await transaction.execute(query)).all()
    return (
        Served(tenant_of(row), _decode(row.document) if row.document else None, frozenset(row.domains or ()))
        for row in rows
    )


def _version(row: Any) -> Version:
    return Version(
        tenant_id=row.tenant_id,
        version=row.version,
        document=_decode(row.document),
        checksum=row.checksum,
        restored=row.restored,
        created_by=row.created_by,
        created_at=row.created_at,
    )
