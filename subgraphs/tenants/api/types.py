"""Tenants, their members and users in the graph. A tenant is seen by its members; for all others it does not exist."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry
import strawberry.federation
from strawberry.scalars import JSON

from common.errors import ForbiddenError
from common.inputs import check_page, parse_id
from subgraphs.tenants.api.billing import Credit, Statement, Terms
from subgraphs.tenants.api.configurations import ConfigVersion
from subgraphs.tenants.api.consumers import Consumer
from subgraphs.tenants.api.context import Info
from subgraphs.tenants.api.domains import Domain
from subgraphs.tenants.api.keys import ApiKey
from subgraphs.tenants.api.plans import Plan
from subgraphs.tenants.api.usage import Quota, UsageBucket, in_utc, window
from subgraphs.tenants.domain.months import parse_month
from subgraphs.tenants.domain.tenants import Acting, InvitationState, Role
from subgraphs.tenants.domain.tenants import Invitation as DomainInvitation
from subgraphs.tenants.domain.tenants import Member as DomainMember
from subgraphs.tenants.domain.usage import Dimension, Span
from subgraphs.tenants.store.audit import Entry

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


@strawberry.type(name="TenantAuditEntry", description="Something that was done in a tenant.")
class AuditEntry:
    id: strawberry.ID
    actor: strawberry.ID = strawberry.field(description="A user's id.")
    action: str
    subject: str
    detail: JSON
    at: datetime

    @classmethod
    def of(cls, entry: Entry) -> "AuditEntry":
        return cls(
            id=strawberry.ID(str(entry.id)),
            actor=strawberry.ID(entry.actor),
            action=entry.action,
            subject=entry.subject,
            detail=JSON(entry.detail),
            at=entry.at,
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

    @strawberry.field(description="Its newest keys, made before the key `before`.")
    async def keys(
        self, info: Info, first: int = 20, before: strawberry.ID | None = None
    ) -> list[ApiKey] | None:
        check_page(first)
        use, acting = info.context.use.keys, self.acting
        found = await use.keys(acting.user_id, acting.tenant.id, first, parse_id(before) if before else None)
        return [ApiKey.of(key) for key in found]

    @strawberry.field(description="Those that were not removed, by external id, after the one of `after`.")
    async def consumers(self, info: Info, first: int = 20, after: str | None = None) -> list[Consumer] | None:
        check_page(first)
        use, acting = info.context.use.consumers, self.acting
        found = await use.consumers(acting.user_id, acting.tenant.id, first, after)
        return [Consumer.of(consumer) for consumer in found]

    @strawberry.field(description="The hosts of its own that it has claimed, by name.")
    async def domains(self, info: Info) -> list[Domain] | None:
        found = await info.context.use.domains.domains(self.acting.user_id, self.acting.tenant.id)
        return [Domain.of(domain) for domain in found]

    @strawberry.field(description="The configuration by which it is served; null before there is one.")
    async def configuration(self, info: Info) -> ConfigVersion | None:
        use, acting = info.context.use.configurations, self.acting
        found = await use.current(acting.user_id, acting.tenant.id)
        return ConfigVersion.of(found) if found else None

    @strawberry.field(description="The newest versions of its configuration, older than `before`.")
    async def configurations(
        self, info: Info, first: int = 20, before: int | None = None
    ) -> list[ConfigVersion] | None:
        check_page(first)
        use, acting = info.context.use.configurations, self.acting
        found = await use.versions(acting.user_id, acting.tenant.id, first, before)
        return [ConfigVersion.of(version) for version in found]

    @strawberry.field(
        description="What its APIs were used for from `since` and before `until`, a thousand buckets at most."
    )
    async def usage(
        self,
        info: Info,
        since: datetime,
        until: datetime,
        span: Span = Span.HOUR,
        by: list[Dimension] | None = None,
    ) -> list[UsageBucket] | None:
        use, acting = info.context.use.usage, self.acting
        found = await use.buckets(acting.user_id, acting.tenant.id, window(since, until, span, by))
        return [UsageBucket.of(bucket) for bucket in found]

    @strawberry.field(description="How the month's quota stands.")
    async def quota(self, info: Info) -> Quota | None:
        return Quota.of(await info.context.use.usage.quota(self.acting.user_id, self.acting.tenant.id))

    @strawberry.field(
        description=(
            "What it owes for a month, such as 2026-11: as it was closed, or as things stand. Null for months that have "
            "not begun or are before it was billed; for administrators, as is all about money."
        )
    )
    async def statement(self, info: Info, month: str) -> Statement | None:
        use, acting = info.context.use.billing, self.acting
        found = await use.statement(acting.user_id, acting.tenant.id, parse_month("month", month))
        return Statement.of(found) if found else None

    @strawberry.field(
        description="Its statements that are closed, the newest first, from the one before the month `after`."
    )
    async def statements(
        self, info: Info, first: int = 12, after: str | None = None
    ) -> list[Statement] | None:
        check_page(first)
        use, acting = info.context.use.billing, self.acting
        month = parse_month("after", after) if after else None
        found = await use.statements(acting.user_id, acting.tenant.id, first, month)
        return [Statement.of(statement) for statement in found]

    @strawberry.field(description="What it pays and has paid, the newest first, since before `before`.")
    async def terms(self, info: Info, first: int = 20, before: datetime | None = None) -> list[Terms] | None:
        check_page(first)
        use, acting = info.context.use.billing, self.acting
        since = in_utc(before) if before else None
        found = await use.terms(acting.user_id, acting.tenant.id, first, since)
        return [Terms.of(terms) for terms in found]

    @strawberry.field(description="Its newest credits, granted before the credit `before`.")
    async def credits(
        self, info: Info, first: int = 20, before: strawberry.ID | None = None
    ) -> list[Credit] | None:
        check_page(first)
        use, acting = info.context.use.credits, self.acting
        found = await use.credits(
            acting.user_id, acting.tenant.id, first, parse_id(before) if before else None
        )
        return [Credit.of(credit) for credit in found]

    @strawberry.field(
        description="Who changed what, the newest first, before the entry `before`; for administrators."
    )
    async def audit(
        self, info: Info, first: int = 20, before: strawberry.ID | None = None
    ) -> list[AuditEntry] | None:
        check_page(first)
        use, acting = info.context.use.tenants, self.acting
        found = await use.audit(acting.user_id, acting.tenant.id, first, parse_id(before) if before else None)
        return [AuditEntry.of(entry) for entry in found]

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
