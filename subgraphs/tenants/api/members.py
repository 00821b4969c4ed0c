"""Queries and mutations of members and invitations."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.inputs import parse_id
from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.api.types import Invitation, Member
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.errors import LastOwnerError, NotFoundError
from subgraphs.tenants.service.members import NewInvitation

InvitationResult: TypeAlias = Annotated[
    Invitation | InvalidInput | IdempotencyKeyReused | TenantConflict,
    strawberry.union("TenantInvitationResult"),
]
MemberResult: TypeAlias = Annotated[
    Member | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("TenantMemberResult")
]


@strawberry.input(name="InviteMemberInput")
class InviteMemberInput:
    tenant_id: strawberry.ID
    user_id: strawberry.ID
    role: Role


@strawberry.type
class MemberQueries:
    @strawberry.field(description="The caller's open invitations, the oldest first.")
    async def my_invitations(self, info: Info) -> list[Invitation]:
        found = await info.context.use.members.invitations_of(info.context.require_caller())
        return [Invitation.of(invitation) for invitation, _ in found]


@strawberry.type
class MemberMutations:
    @strawberry.mutation(
        description="Invite a user into a tenant, in the place of an earlier invitation; the same key does it once."
    )
    async def invite_member(
        self,
        info: Info,
        input: InviteMemberInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> InvitationResult:
        caller = info.context.require_caller()
        new = NewInvitation(str(input.user_id), input.role)
        try:
            invited = await info.context.use.members.invite(
                caller, parse_tenant_id(input.tenant_id), new, idempotency_key
            )
        except EXPECTED as error:
            return refusal(error)
        return Invitation.of(invited)

    @strawberry.mutation(description="Take an invitation back.")
    async def withdraw_invitation(
        self,
        info: Info,
        tenant_id: strawberry.ID,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
    ) -> Invitation:
        caller = info.context.require_caller()
        use = info.context.use.members
        return Invitation.of(await use.withdraw(caller, parse_tenant_id(tenant_id), _id(id)))

    @strawberry.mutation(description="Become a member by an invitation of one's own.")
    async def accept_invitation(self, info: Info, id: strawberry.ID) -> InvitationResult:  # noqa: A002 - the argument's name in the schema
        caller = info.context.require_caller()
        try:
            return Invitation.of(await info.context.use.members.answer(caller, _id(id), accept=True))
        except EXPECTED as error:
            return refusal(error)

    @strawberry.mutation(description="Decline an invitation of one's own.")
    async def decline_invitation(self, info: Info, id: strawberry.ID) -> Invitation:  # noqa: A002 - the argument's name in the schema
        caller = info.context.require_caller()
        return Invitation.of(await info.context.use.members.answer(caller, _id(id), accept=False))

    @strawberry.mutation(description="Give a member another role.")
    async def set_member_role(
        self, info: Info, tenant_id: strawberry.ID, user_id: strawberry.ID, role: Role
    ) -> MemberResult:
        caller = info.context.require_caller()
        use = info.context.use.members
        try:
            return Member.of(await use.set_role(caller, parse_tenant_id(tenant_id), str(user_id), role))
        except EXPECTED as error:
            return refusal(error)

    @strawberry.mutation(description="Let a member go, or leave; null when it is done.")
    async def remove_member(
        self, info: Info, tenant_id: strawberry.ID, user_id: strawberry.ID
    ) -> TenantConflict | None:
        caller = info.context.require_caller()
        try:
            await info.context.use.members.remove(caller, parse_tenant_id(tenant_id), str(user_id))
        except LastOwnerError as error:
            return TenantConflict(message=error.message, code=error.code)
        return None


def _id(text: str) -> UUID:
    parsed = parse_id(text)
    if parsed is None:
        raise NotFoundError("open invitation")
    return parsed
