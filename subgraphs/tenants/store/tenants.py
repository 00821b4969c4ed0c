"""The tenant of the transaction, its members and invitations."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.tenants.domain.tenants import Invitation, InvitationState, Member, Role, Tenant
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.tables import invitation, member, tenant

_now = sa.func.now()


async def add_tenant(transaction: Transaction, id_: UUID, slug: str, name: str, plan: str) -> bool:
    """Whether it was added; not when another tenant has the slug."""
    statement = insert(tenant).values(id=id_, slug=slug, name=name, plan=plan)
    added = await transaction.execute(statement.on_conflict_do_nothing(index_elements=["slug"]))
    return added.rowcount > 0


async def find_tenant(transaction: Transaction, *, locked: bool = False) -> Tenant | None:
    """The tenant of the transaction; `locked` keeps others from changing it, its members and its keys meanwhile."""
    query = sa.select(tenant)
    row = (await transaction.execute(query.with_for_update() if locked else query)).one_or_none()
    return None if row is None else tenant_of(row)


async def change_tenant(transaction: Transaction, **values: Any) -> Tenant:
    """The tenant of the transaction, which exists, with other values in these columns."""
    row = (await transaction.execute(sa.update(tenant).values(values).returning(tenant))).one()
    return tenant_of(row)


async def suspend_tenant(transaction: Transaction, *, suspended: bool) -> Tenant:
    """The tenant of the transaction, which exists, suspended since now or before, or not any more."""
    since = sa.func.coalesce(tenant.c.suspended_at, _now) if suspended else sa.null()
    return await change_tenant(transaction, suspended_at=since)


async def members(transaction: Transaction) -> list[Member]:
    """All members, in the order in which they joined."""
    rows = await transaction.execute(sa.select(member).order_by(member.c.joined_at, member.c.user_id))
    return [read(row, Member) for row in rows]


async def find_member(transaction: Transaction, user_id: str) -> Member | None:
    query = sa.select(member).where(member.c.user_id == user_id)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else read(row, Member)


async def put_member(transaction: Transaction, tenant_id: UUID, user_id: str, role: Role) -> Member:
    """The member with that role, new or as it was but for that."""
    statement = insert(member).values(tenant_id=tenant_id, user_id=user_id, role=role)
    changed = statement.on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_={"role": role})
    row = (await transaction.execute(changed.returning(member))).one()
    return read(row, Member)


async def delete_member(transaction: Transaction, user_id: str) -> None:
    await transaction.execute(sa.delete(member).where(member.c.user_id == user_id))


async def add_invitation(
    transaction: Transaction, tenant_id: UUID, user_id: str, role: Role, *, by: str, lasts: timedelta
) -> Invitation:
    """A new invitation, in the place of one that is still open."""
    superseded = sa.update(invitation).where(
        invitation.c.user_id == user_id, invitation.c.state == InvitationState.OPEN
    )
    await transaction.execute(superseded.values(state=InvitationState.WITHDRAWN))
    values = {"tenant_id": tenant_id, "user_id": user_id, "role": role, "invited_by": by}
    statement = sa.insert(invitation).values(**values, expires_at=_now + lasts)
    row = (await transaction.execute(statement.returning(invitation))).one()
    return read(row, Invitation)


async def close_invitation(
    transaction: Transaction, id_: UUID, state: InvitationState, *, of_user: str | None = None
) -> Invitation | None:
    """The invitation, if it was open, not too old, and `of_user`'s where one is given; it is `state` now."""
    statement = sa.update(invitation).where(
        invitation.c.id == id_, invitation.c.state == InvitationState.OPEN, invitation.c.expires_at > _now
    )
    if of_user is not None:
        statement = statement.where(invitation.c.user_id == of_user)
    closed = await transaction.execute(statement.values(state=state).returning(invitation))
    row = closed.one_or_none()
    return None if row is None else read(row, Invitation)


async def invitations(transaction: Transaction, ids: Sequence[UUID] | None = None) -> list[Invitation]:
    """Those of the ids, or those that are open and not too old; the oldest first."""
    query = sa.select(invitation).order_by(invitation.c.id)
    if ids is None:
        query = query.where(invitation.c.state == InvitationState.OPEN, invitation.c.expires_at > _now)
    else:
        query = query.where(invitation.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid))))
    return [read(row, Invitation) for row in await transaction.execute(query)]


def tenant_of(row: Any) -> Tenant:
    """The tenant in a row that has all of its columns."""
    return Tenant(
        id=row.id,
        slug=row.slug,
        name=row.name,
        plan=row.plan,
        config_version=row.config_version,
        is_suspended=row.suspended_at is not None,
        created_at=row.created_at,
    )
