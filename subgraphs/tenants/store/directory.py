"""Which tenants a user can see, in transactions of the platform: every query of a user joins its own memberships or invitations."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from common.database import Transaction
from subgraphs.tenants.domain.consumers import Consumer
from subgraphs.tenants.domain.keys import ApiKey
from subgraphs.tenants.domain.tenants import Acting, Invitation, InvitationState, Role
from subgraphs.tenants.store.rows import read
from subgraphs.tenants.store.tenants import tenant_of
from subgraphs.tenants.tables import api_key, consumer, invitation, member, tenant


async def acting(
    transaction: Transaction, user_id: str, tenant_ids: Sequence[UUID] | None = None
) -> dict[UUID, Acting]:
    """The user in each tenant of which it is a member: in all, or those of the ids, by name."""
    query = (
        sa.select(tenant, member.c.role)
        .join(member, member.c.tenant_id == tenant.c.id)
        .where(member.c.user_id == user_id)
        .order_by(tenant.c.name, tenant.c.id)
    )
    if tenant_ids is not None:
        query = query.where(tenant.c.id == _any(tenant_ids))
    rows = await transaction.execute(query)
    return {row.id: Acting(tenant_of(row), user_id, Role(row.role)) for row in rows}


async def keys(transaction: Transaction, user_id: str, ids: Sequence[UUID]) -> dict[UUID, ApiKey]:
    """Those of the keys that are a tenant's of which the user is a member."""
    query = (
        sa.select(api_key)
        .join(member, member.c.tenant_id == api_key.c.tenant_id)
        .where(member.c.user_id == user_id, api_key.c.id == _any(ids))
    )
    return {row.id: read(row, ApiKey) for row in await transaction.execute(query)}


async def consumers(transaction: Transaction, user_id: str, ids: Sequence[UUID]) -> dict[UUID, Consumer]:
    """Those of the consumers that are a tenant's of which the user is a member."""
    query = (
        sa.select(consumer)
        .join(member, member.c.tenant_id == consumer.c.tenant_id)
        .where(member.c.user_id == user_id, consumer.c.id == _any(ids))
    )
    return {row.id: read(row, Consumer) for row in await transaction.execute(query)}


async def holders(transaction: Transaction, user_id: str, key_ids: Sequence[UUID]) -> dict[UUID, Consumer]:
    """The consumer of each of the keys that are a tenant's of which the user is a member."""
    is_its = sa.and_(
        consumer.c.tenant_id == api_key.c.tenant_id, consumer.c.external_id == api_key.c.consumer
    )
    query = (
        sa.select(consumer, api_key.c.id.label("key_id"))
        .join(api_key, is_its)
        .join(member, member.c.tenant_id == api_key.c.tenant_id)
        .where(member.c.user_id == user_id, api_key.c.id == _any(key_ids))
    )
    return {row.key_id: read(row, Consumer) for row in await transaction.execute(query)}


async def invitations_of(transaction: Transaction, user_id: str) -> list[tuple[Invitation, str]]:
    """The user's open invitations, each with its tenant's name; the oldest first."""
    query = (
        sa.select(invitation, tenant.c.name)
        .join(tenant, tenant.c.id == invitation.c.tenant_id)
        .where(
            invitation.c.user_id == user_id,
            invitation.c.state == InvitationState.OPEN,
            invitation.c.expires_at > sa.func.now(),
        )
        .order_by(invitation.c.id)
    )
    rows = await transaction.execute(query)
    return [(read(row, Invitation), row.name) for row in rows]


async def plans_of(transaction: Transaction, ids: Collection[UUID] | None) -> dict[UUID, str]:
    """The plan of each tenant, of those ids or of all; for work of the platform, not of users."""
    query = sa.select(tenant.c.id, tenant.c.plan)
    if ids is not None:
        query = query.where(tenant.c.id == _any(list(ids)))
    return {row.id: row.plan for row in await transaction.execute(query)}


def _any(ids: Sequence[UUID]) -> sa.ColumnElement[bool]:
    return sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
