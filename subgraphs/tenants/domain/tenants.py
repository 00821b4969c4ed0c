"""Tenants, their members, and what each role may do."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError

INVITATION_LASTS = timedelta(days=7)
_SLUG = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TITLE = 80
_USER_ID = 100


class Role(StrEnum):
    """What a member may do; each may do all that those before it may."""

    VIEWER = "VIEWER"
    DEVELOPER = "DEVELOPER"
    ADMIN = "ADMIN"
    OWNER = "OWNER"

    def covers(self, other: "Role") -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class Tenant(Struct, frozen=True, kw_only=True):
    """`slug` is its name in addresses and never changes. `config_version` is what data planes serve, None before there is one."""

    id: UUID
    slug: str
    name: str
    plan: str
    config_version: int | None
    is_suspended: bool
    created_at: datetime


class Member(Struct, frozen=True):
    """A user of identity's, in one tenant."""

    tenant_id: UUID
    user_id: str
    role: Role
    joined_at: datetime


class InvitationState(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


class Invitation(Struct, frozen=True, kw_only=True):
    """The user may become a member with that role until `expires_at`."""

    tenant_id: UUID
    id: UUID
    user_id: str
    role: Role
    state: InvitationState
    invited_by: str
    created_at: datetime
    expires_at: datetime


class Acting(Struct, frozen=True):
    """A member at work in a tenant: the caller, checked."""

    tenant: Tenant
    user_id: str
    role: Role


def check_slug(slug: str) -> str:
    """Return `slug`, or raise InvalidInputError unless it can be a label of a host name."""
    if not _SLUG.fullmatch(slug):
        raise InvalidInputError(
            "slug", "must be 1 to 40 of a-z, 0-9 and -, with a letter first and no - at its end"
        )
    return slug


def check_name(field: str, name: str) -> str:
    """Return `name`, or raise InvalidInputError unless it is a short line of printable text."""
    if not 1 <= len(name.strip()) <= len(name) <= _TITLE or not name.isprintable():
        raise InvalidInputError(field, f"must be 1 to {_TITLE} printable characters")
    return name


def check_user_id(user_id: str) -> str:
    """Return `user_id`, or raise InvalidInputError unless it can be one of identity's."""
    if not 1 <= len(user_id) <= _USER_ID or not user_id.isprintable():
        raise InvalidInputError("userId", "is no user's id")
    return user_id
