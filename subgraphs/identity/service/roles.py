"""Who may do what: the rights of a user, and how admins change them."""

from collections.abc import Collection
from uuid import UUID

from common.database import Database, Transaction
from common.failpoints import failpoint
from subgraphs.identity.domain.accounts import normalise_email
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.roles import (
    ADMIN,
    BUILT_IN,
    MEMBER,
    Access,
    Holding,
    Role,
    access_of,
    check_attributes,
    check_name,
    check_role,
)
from subgraphs.identity.errors import LastAdminError, UnknownRoleError, UnknownUserError
from subgraphs.identity.service.ending import end_tokens
from subgraphs.identity.store import audit
from subgraphs.identity.store import roles as store


class Roles:
    """A change of what one user has ends their tokens, so that the next ones tell of it; that of a role shows in those to come."""

    def __init__(self, database: Database, first_admin: str | None = None) -> None:
        """`first_admin` is the address of who becomes an admin while there is none."""
        self._database = database
        self._first_admin = normalise_email(first_admin) if first_admin else None

    async def access_of(self, user_id: UUID) -> Access:
        """The roles and scopes that the user's next token may have."""
        async with self._database.transaction() as transaction:
            held = await store.holdings(transaction, [user_id])
            holding = held.get(user_id, Holding())
            return access_of(holding, await _known(transaction, holding.roles))

    async def holdings(self, ids: Collection[UUID]) -> dict[UUID, Holding]:
        """What was given to each of those users that exist, by one statement."""
        async with self._database.transaction() as transaction:
            return await store.holdings(transaction, ids)

    async def all(self) -> list[Role]:
        """The roles that come with the platform, and those that were made."""
        async with self._database.transaction() as transaction:
            return [*BUILT_IN.values(), *await store.roles(transaction)]

    async def grant(self, user_id: UUID, name: str, origin: Origin) -> None:
        """Gives the user the role.

        Raises:
            UnknownUserError, UnknownRoleError
        """
        async with self._database.transaction() as transaction:
            await _require_user(transaction, user_id)
            if name not in await _known(transaction, {name}):
                raise UnknownRoleError(name)
            if name != MEMBER and await store.grant(transaction, user_id, name, origin.actor_id):
                await _record(transaction, EventKind.ROLE_GRANTED, user_id, origin, role=name)
                await end_tokens(transaction, user_id)

    async def proved(self, transaction: Transaction, user_id: UUID, email: str) -> None:
        """Makes an admin of the user whose address was proved, if it is the one and there is none."""
        if email == self._first_admin and not await store.holders(transaction, ADMIN):
            await store.grant(transaction, user_id, ADMIN, granted_by=None)
            await _record(transaction, EventKind.ROLE_GRANTED, user_id, Origin(), role=ADMIN)
            await end_tokens(transaction, user_id)

    async def take(self, user_id: UUID, name: str, origin: Origin) -> None:
        """Takes the role from the user.

        Raises:
            UnknownUserError, UnknownRoleError: they do not have it, or nobody can lose it.
            LastAdminError: nobody would be left to give it back.
        """
        async with self._database.transaction() as transaction:
            await _require_user(transaction, user_id)
            if name == ADMIN and await store.holders(transaction, ADMIN) == [user_id]:
                raise LastAdminError
            if not await store.take(transaction, user_id, name):
                raise UnknownRoleError(name)
            await _record(transaction, EventKind.ROLE_TAKEN, user_id, origin, role=name)
            await end_tokens(transaction, user_id)

    async def set_attribute(self, user_id: UUID, name: str, value: str | None, origin: Origin) -> None:
        """Writes an attribute of the user down; None forgets it.

        Raises:
            UnknownUserError, InvalidInputError
        """
        check_name("name", name)
        async with self._database.transaction() as transaction:
            await _require_user(transaction, user_id)
            if value is None:
                await store.delete_attribute(transaction, user_id, name)
            else:
                check_attributes([(name, value)])
                await store.put_attribute(transaction, user_id, name, value)
            await _record(transaction, EventKind.ATTRIBUTE_SET, user_id, origin, name=name, value=value or "")
            await end_tokens(transaction, user_id)

    async def put(self, role: Role, origin: Origin) -> Role:
        """Makes a role, or gives one of the name other grants. Raises InvalidInputError."""
        check_role(role)
        async with self._database.transaction() as transaction:
            await store.put_role(transaction, role)
            scopes = " ".join(grant.scope for grant in role.grants)
            await _record(transaction, EventKind.ROLE_PUT, None, origin, role=role.name, scopes=scopes)
        return role

    async def remove(self, name: str, origin: Origin) -> bool:
        """Takes a role that was made here from everyone and forgets it; whether there was one."""
        async with self._database.transaction() as transaction:
            if name in BUILT_IN or not await store.delete_role(transaction, name):
                return False
            await _record(transaction, EventKind.ROLE_REMOVED, None, origin, role=name)
            return True


async def _known(transaction: Transaction, names: Collection[str]) -> dict[str, Role]:
    """The roles of those names, and those of everyone."""
    if BUILT_IN.keys() >= set(names):
        return BUILT_IN
    return BUILT_IN | {role.name: role for role in await store.roles(transaction)}


async def _record(
    transaction: Transaction, kind: EventKind, user_id: UUID | None, origin: Origin, **details: str
) -> None:
    await audit.record(transaction, kind, user_id, origin, details=details)
    failpoint("identity.change_role.after_event")


async def _require_user(transaction: Transaction, user_id: UUID) -> None:
    if not await store.holdings(transaction, [user_id]):
        raise UnknownUserError
