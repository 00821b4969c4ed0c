"""Tenants, their members and users in the graph. A tenant is seen by its members; for all others it does not exist."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry
import strawberry.federation

from common.errors import ForbiddenError
from common.inputs import parse_id
from subgraphs.tenants.api.context import Info
from subgraphs.tenants.api.plans import Plan
from subgraphs.tenants.domain.tenants import Acting, InvitationState, Role
from subgraphs.tenants.domain.tenants import Invitation as DomainInvitation
from subgraphs.tenants.domain.tenants import Member as DomainMember

strawberry.enum(Role, name="TenantRole", description="Each may do all that those before it may.")
strawberry.enum(InvitationState, name="TenantInvitationState")


@strawberry.federation.type(keys=["id"], extend=True)
class User:
    id: strawberry.ID

    @strawberry.field(description="The tenants of which the user is a member, by name; only one's own.")
    async def tenants(self, info: Info) -> list["Tenant"] | None:
        if not info.context.is_caller(self.id):
            raise ForbiddenError("Only the user may see these tenants")
        found = await info.context.use.tenants.acting(self.id)
        return [Tenant.of(acting) for acting in found.values()]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)


@strawberry.type(name="TenantMember", description="A user in a tenant.")
class Member:
    user: User
    role: Role
    joined_at: datetime

    @classmethod
    def of(cls, member: DomainMember) -> "Member":
        return cls(user=User(id=strawberry.ID(member.user_id)), role=member.role, joined_at=member.joined_at)


@strawberry.type(name="TenantInvitation", description="A user may become a member, until it expires.")
class Invitation:
    id: strawberry.ID
    tenant_id: strawberry.ID
    user: User
    invited_by: User
    role: Role
    state: InvitationState
    expires_at: datetime

    @classmethod
    def of(cls, invitation: DomainInvitation) -> "Invitation":
        return cls(
            id=strawberry.ID(str(invitation.id)),
            tenant_id=strawberry.ID(str(invitation.tenant_id)),
            user=User(id=strawberry.ID(invitation.user_id)),
            invited_by=User(id=strawberry.ID(invitation.invited_by)),
            role=invitation.role,
            state=invitation.state,
            expires_at=invitation.expires_at,
        )


@strawberry.federation.type(keys=["id"], description="A customer of the gateway, for its members to see.")
class Tenant:
    id: strawberry.ID
    slug: str = strawberry.field(description="Its name in addresses; it never changes.")
    name: str
    created_at: datetime
    is_suspended: bool = strawberry.field(description="Nothing of it is served.")
    my_role: Role = strawberry.field(description="The caller's.")
    plan_name: strawberry.Private[str]
    acting: strawberry.Private[Acting]

    @strawberry.field(description="Where its APIs are; hosts below this one are its own, too.")
    def host(self, info: Info) -> str:
        return f"{self.slug}.{info.context.use.domain}"

    @strawberry.field
    async def plan(self, info: Info) -> Plan:
        found = await info.context.plans.load(self.plan_name)
        assert found is not None, "a plan that a tenant has is never removed"
        return Plan.of(found)

    @strawberry.field(description="In the order in which they joined.")
    async def members(self, info: Info) -> list[Member]:
        found = await info.context.use.members.members(self.acting.user_id, self.acting.tenant.id)
        return [Member.of(member) for member in found]

    @strawberry.field(description="Those that are open; for administrators.")
    async def invitations(self, info: Info) -> list[Invitation] | None:
        found = await info.context.use.members.invitations(self.acting.user_id, self.acting.tenant.id)
        return [Invitation.of(invitation) for invitation in found]

    @classmethod
    def of(cls, acting: Acting) -> "Tenant":
        tenant = acting.tenant
        return cls(
            id=strawberry.ID(str(tenant.id)),
            slug=tenant.slug,
            name=tenant.name,
            created_at=tenant.created_at,
            is_suspended=tenant.is_suspended,
            my_role=acting.role,
            plan_name=tenant.plan,
            acting=acting,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Tenant | None":  # noqa: A002 - the key field's name
        info.context.require_caller()
        parsed = parse_id(id)
        found = await info.context.acting.load(parsed) if parsed else None
        return cls.of(found) if found else None
