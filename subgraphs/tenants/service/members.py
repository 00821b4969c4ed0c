"""Members of a tenant: invited, joined, given another role, gone. A tenant always has an owner."""

from uuid import UUID

from msgspec import Struct

from common.database import Database
from common.errors import ForbiddenError
from common.failpoints import failpoint
from common.idempotency import once
from common.inputs import InvalidInputError, check_idempotency_key
from common.tenancy import Tenancy
from subgraphs.tenants.domain.tenants import (
    INVITATION_LASTS,
    Invitation,
    InvitationState,
    Member,
    Role,
    check_user_id,
)
from subgraphs.tenants.errors import LastOwnerError, NotFoundError, PlanLimitError
from subgraphs.tenants.service.work import Work, working
from subgraphs.tenants.store import audit, directory, tenants


class NewInvitation(Struct, frozen=True):
    """Who is invited to be what."""

    user_id: str
    role: Role


class Members:
    """The use cases of members and invitations."""

    def __init__(self, database: Database, tenancy: Tenancy) -> None:
        self._database = database
        self._tenancy = tenancy

    async def members(self, user_id: str, tenant_id: UUID) -> list[Member]:
        """All members, in the order in which they joined. Raises as `working`; so do all others."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await tenants.members(work.transaction)

    async def invitations(self, user_id: str, tenant_id: UUID) -> list[Invitation]:
        """The invitations that are open."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            return await tenants.invitations(work.transaction)

    async def invitations_of(self, user_id: str) -> list[tuple[Invitation, str]]:
        """The user's own open invitations, each with its tenant's name."""
        async with self._database.transaction() as transaction:
            return await directory.invitations_of(transaction, user_id)

    async def invite(
        self, user_id: str, tenant_id: UUID, new: NewInvitation, idempotency_key: str
    ) -> Invitation:
        """Invite a user, instead of an invitation that it may have already.

        Raises:
            InvalidInputError: the user is a member already.
            ForbiddenError: only an owner makes owners.
            PlanLimitError, IdempotencyMismatch
        """
        check_user_id(new.user_id)
        check_idempotency_key(idempotency_key)
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN, locked=True) as work:
            return await once(
                work.transaction,
                scope=work.idempotency_scope("inviteMember"),
                key=idempotency_key,
                request=new,
                run=lambda: _invite(work, new),
                result=Invitation,
            )

    async def withdraw(self, user_id: str, tenant_id: UUID, id_: UUID) -> Invitation:
        """Take an invitation back. Raises NotFoundError when it is not open."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            closed = await tenants.close_invitation(work.transaction, id_, InvitationState.WITHDRAWN)
            if closed is None:
                raise NotFoundError("open invitation")
            await work.note("invitation.withdraw", closed.user_id)
        return closed

    async def answer(self, user_id: str, id_: UUID, *, accept: bool) -> Invitation:
        """Become a member by an invitation of one's own, or decline it.

        Raises:
            NotFoundError: the user has no such open invitation.
            PlanLimitError: the tenant has as many members as its plan allows.
        """
        mine = {each.id: each for each, _ in await self.invitations_of(user_id)}
        if id_ not in mine:
            raise NotFoundError("open invitation")
        tenant_id = mine[id_].tenant_id
        state = InvitationState.ACCEPTED if accept else InvitationState.DECLINED
        async with self._tenancy.transaction(tenant_id) as transaction:
            tenant = await tenants.find_tenant(transaction, locked=True)
            closed = await tenants.close_invitation(transaction, id_, state, of_user=user_id)
            if tenant is None or closed is None:
                raise NotFoundError("open invitation")
            failpoint("tenants.answer.after_close")
            if accept:
                work = Work(transaction, tenant, user_id, closed.role)
                await _require_room(work)
                await tenants.put_member(transaction, tenant_id, user_id, closed.role)
            await audit.note(
                transaction,
                tenant_id,
                actor=user_id,
                action="invitation.accept" if accept else "invitation.decline",
                subject=user_id,
                detail={"role": closed.role},
            )
            failpoint("tenants.answer.before_commit")
        return closed

    async def set_role(self, user_id: str, tenant_id: UUID, member_id: str, role: Role) -> Member:
        """Give a member another role.

        Raises:
            NotFoundError, LastOwnerError
            ForbiddenError: only an owner makes owners, and changes them.
        """
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN, locked=True) as work:
            before = await _other(work, member_id, role)
            changed = await tenants.put_member(work.transaction, tenant_id, member_id, role)
            await work.note("member.set_role", member_id, {"from": before.role, "to": role})
            failpoint("tenants.set_role.before_commit")
        return changed

    async def remove(self, user_id: str, tenant_id: UUID, member_id: str) -> None:
        """Let a member go; everybody may leave by themselves. Raises as `set_role`."""
        needed = Role.VIEWER if member_id == user_id else Role.ADMIN
        async with working(self._tenancy, user_id, tenant_id, needed, locked=True) as work:
            await _other(work, member_id, Role.VIEWER)
            await tenants.delete_member(work.transaction, member_id)
            await work.note("member.remove", member_id)
            failpoint("tenants.remove.before_commit")


async def _invite(work: Work, new: NewInvitation) -> Invitation:
    if not work.role.covers(new.role):
        raise ForbiddenError("Only an owner makes owners")
    if await tenants.find_member(work.transaction, new.user_id) is not None:
        raise InvalidInputError("userId", "is a member already")
    await _require_room(work)
    invited = await tenants.add_invitation(
        work.transaction, work.tenant.id, new.user_id, new.role, by=work.user_id, lasts=INVITATION_LASTS
    )
    await work.note("invitation.create", new.user_id, {"role": new.role})
    failpoint("tenants.invite.before_commit")
    return invited


async def _require_room(work: Work) -> None:
    most = (await work.plan()).members
    if len(await tenants.members(work.transaction)) >= most:
        raise PlanLimitError(f"The plan {work.tenant.plan} has {most} members", limit=most)


async def _other(work: Work, member_id: str, role: Role) -> Member:
    """The member whose role is to become `role`, if the one at work may do so and an owner is left."""
    members = {each.user_id: each for each in await tenants.members(work.transaction)}
    if member_id not in members:
        raise NotFoundError("member")
    found = members[member_id]
    if not (work.role.covers(found.role) and work.role.covers(role)):
        raise ForbiddenError("Only an owner makes owners, and changes them")
    owners = [each.user_id for each in members.values() if each.role is Role.OWNER]
    if owners == [member_id] and role is not Role.OWNER:
        raise LastOwnerError("A tenant has an owner: make another one first")
    return found
