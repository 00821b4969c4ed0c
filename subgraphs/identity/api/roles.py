"""Roles in the graph: what admins see of them, and how they give and take them."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Awaitable
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
import strawberry.federation

from common.app.values import InvalidInput
from common.inputs import InvalidInputError, parse_id
from subgraphs.identity import errors
from subgraphs.identity.access import ADMIN_SCOPE
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.types import User, UserAttribute, user_of
from subgraphs.identity.domain import roles as domain

FOR_ADMINS = [[ADMIN_SCOPE]]


@strawberry.type(description="A scope that a role grants, to users who have all of the attributes in `when`.")
class RoleGrant:
    scope: str
    when: list[UserAttribute]


@strawberry.type(description="A named set of scopes.")
class UserRole:
    name: str
    description: str
    grants: list[RoleGrant]
    is_built_in: bool = strawberry.field(description="Whether it comes with the platform and stays as it is.")

    @classmethod
    def of(cls, role: domain.Role) -> "UserRole":
        grants = [
            RoleGrant(scope=grant.scope, when=UserAttribute.several(grant.when)) for grant in role.grants
        ]
        return cls(
            name=role.name,
            description=role.description,
            grants=grants,
            is_built_in=role.name in domain.BUILT_IN,
        )


@strawberry.type(description="Nothing was changed; `code` is USER_NOT_FOUND, ROLE_NOT_FOUND or LAST_ADMIN.")
class RoleRefused:
    message: str
    code: str


@strawberry.input
class UserAttributeInput:
    name: str
    value: str


@strawberry.input
class RoleGrantInput:
    scope: str
    when: list[UserAttributeInput] | None = None

    def grant(self) -> domain.Grant:
        return domain.Grant(self.scope, {each.name: each.value for each in self.when or ()})


@strawberry.input
class UserRoleInput:
    name: str
    description: str
    grants: list[RoleGrantInput]

    def role(self) -> domain.Role:
        return domain.Role(self.name, self.description, tuple(grant.grant() for grant in self.grants))


ChangeRolesResult: TypeAlias = Annotated[
    User | RoleRefused | InvalidInput, strawberry.union("ChangeRolesResult")
]
PutUserRoleResult: TypeAlias = Annotated[UserRole | InvalidInput, strawberry.union("PutUserRoleResult")]


def _mutation(description: str) -> Any:
    return strawberry.federation.mutation(description=description, requires_scopes=FOR_ADMINS)


@strawberry.type
class RoleQueries:
    @strawberry.federation.field(description="All roles.", requires_scopes=FOR_ADMINS)
    async def user_roles(self, info: Info) -> list[UserRole]:
        info.context.require_admin()
        return [UserRole.of(role) for role in await info.context.services.roles.all()]


@strawberry.type
class RoleMutations:
    @_mutation("Give a user a role.")
    async def grant_user_role(self, info: Info, user_id: strawberry.ID, role: str) -> ChangeRolesResult:
        origin, id_ = info.context.require_admin(), _user_id(user_id)
        return await _changed(info, id_, info.context.services.roles.grant(id_, role, origin))

    @_mutation("Take a role from a user; the last admin stays one.")
    async def take_user_role(self, info: Info, user_id: strawberry.ID, role: str) -> ChangeRolesResult:
        origin, id_ = info.context.require_admin(), _user_id(user_id)
        return await _changed(info, id_, info.context.services.roles.take(id_, role, origin))

    @_mutation("Write an attribute of a user down; without a value it is forgotten.")
    async def set_user_attribute(
        self, info: Info, user_id: strawberry.ID, name: str, value: str | None = None
    ) -> ChangeRolesResult:
        origin, id_ = info.context.require_admin(), _user_id(user_id)
        return await _changed(info, id_, info.context.services.roles.set_attribute(id_, name, value, origin))

    @_mutation("Make a role, or give the one of that name other grants.")
    async def put_user_role(self, info: Info, input: UserRoleInput) -> PutUserRoleResult:  # noqa: A002 - the argument's name in the schema
        origin = info.context.require_admin()
        try:
            return UserRole.of(await info.context.services.roles.put(input.role(), origin))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)

    @_mutation("Take a role that was made here from everyone and forget it; whether there was one.")
    async def remove_user_role(self, info: Info, name: str) -> bool:
        return await info.context.services.roles.remove(name, info.context.require_admin())


def _user_id(text: str) -> UUID:
    """The id; what cannot be one is that of nobody."""
    return parse_id(text) or UUID(int=0)


async def _changed(info: Info, user_id: UUID, change: Awaitable[None]) -> User | RoleRefused | InvalidInput:
    try:
        await change
    except InvalidInputError as refusal:
        return InvalidInput(message=refusal.message, field=refusal.field)
    except (errors.UnknownUserError, errors.UnknownRoleError, errors.LastAdminError) as refusal:
        return RoleRefused(message=refusal.message, code=refusal.code)
    return await user_of(info)(user_id)
