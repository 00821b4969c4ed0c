"""Domains of the transaction's tenant; `claims_of`, `settle` and `take_due` are for transactions of the platform."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.domain.domains import Domain
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import domain

_now = sa.func.now()
_is_verified = domain.c.verified_at.is_not(None)


async def add_domain(transaction: Transaction, tenant_id: UUID, host: str, token: str) -> Domain:
    """The tenant's new claim."""
    statement = sa.insert(domain).values(tenant_id=tenant_id, host=host, token=token).returning(domain)
    return read((await transaction.execute(statement)).one(), Domain)


async def find_domain(transaction: Transaction, host: str) -> Domain | None:
    row = (await transaction.execute(sa.select(domain).where(domain.c.host == host))).one_or_none()
    return None if row is None else read(row, Domain)


async def domains(transaction: Transaction) -> list[Domain]:
    """All of them, by name."""
    return [read(row, Domain) for row in await transaction.execute(sa.select(domain).order_by(domain.c.host))]


async def verified_hosts(transaction: Transaction) -> frozenset[str]:
    """Those that are served."""
    return frozenset((await transaction.execute(sa.select(domain.c.host).where(_is_verified))).scalars())


async def remove_domain(transaction: Transaction, host: str) -> bool:
    """Whether there was such a claim."""
    removed = await transaction.execute(sa.delete(domain).where(domain.c.host == host))
    return removed.rowcount > 0


async def claims_of(transaction: Transaction, host: str) -> list[Domain]:
    """The claims of all tenants to the host; who has asked for them is alone with them until the transaction ends."""
    query = sa.select(domain).where(domain.c.host == host).order_by(domain.c.tenant_id).with_for_update()
    return [read(row, Domain) for row in await transaction.execute(query)]


async def settle(
    transaction: Transaction, claim: Domain, *, is_verified: bool, is_failing: bool = False
) -> Domain:
    """The claim as it stands from now on; since when it is verified or failing stays what it was."""
    values = {
        "verified_at": sa.func.coalesce(domain.c.verified_at, _now) if is_verified else sa.null(),
        "failing_since": sa.func.coalesce(domain.c.failing_since, _now) if is_failing else sa.null(),
        "checked_at": _now,
    }
    mine = sa.and_(domain.c.tenant_id == claim.tenant_id, domain.c.host == claim.host)
    row = (await transaction.execute(sa.update(domain).where(mine).values(values).returning(domain))).one()
    return read(row, Domain)


async def is_over(transaction: Transaction, claim: Domain, grace: timedelta) -> bool:
    """Whether the claim has failed for longer than that, by the database's clock."""
    if claim.failing_since is None:
        return False
    query = sa.select(sa.literal(claim.failing_since) + grace <= _now)
    return bool((await transaction.execute(query)).scalar_one())


async def take_due(transaction: Transaction, interval: timedelta, limit: int) -> Sequence[str]:
    """Hosts that were not looked at for `interval`; they are not due again for as long."""
    due = (
        sa.select(domain.c.tenant_id, domain.c.host)
        .where(_is_verified, domain.c.checked_at < _now - interval)
        .order_by(domain.c.checked_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .subquery()
    )
    statement = (
        sa.update(domain)
        .where(domain.c.tenant_id == due.c.tenant_id, domain.c.host == due.c.host)
        .values(checked_at=_now)
        .returning(domain.c.host)
    )
    return list((await transaction.execute(statement)).scalars())
