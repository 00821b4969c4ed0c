"""What roles let people do: the scopes that they grant, some of them only to users with certain attributes."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from common.inputs import InvalidInputError

MEMBER = "member"  # everyone's, and so written down nowhere
OPERATOR = "operator"
ADMIN = "admin"

MAX_GRANTS = 50
MAX_CONDITIONS = 10
MAX_TEXT = 200
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,100}")  # RFC 6749 section 3.3


class Grant(Struct, frozen=True):
    """A scope, for users who have all of the attributes in `when`."""

    scope: str
    when: Mapping[str, str] = {}


class Role(Struct, frozen=True):
    """A named set of grants."""

    name: str
    description: str
    grants: tuple[Grant, ...]


class Holding(Struct, frozen=True):
    """The roles that a user was given, and the attributes that their grants may ask for."""

    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = {}


class Access(Struct, frozen=True):
    """What a token says of its user's rights: `roles` and `scope` (RFC 9068 sections 2.2.3 and 2.2.3.1)."""

    roles: tuple[str, ...]
    scopes: frozenset[str]


def _built_in(name: str, description: str, *scopes: str) -> Role:
    return Role(name, description, tuple(Grant(scope) for scope in scopes))


_OPERATING = ("inventory:read", "inventory:write", "jobs:admin", "ratelimit:check", "ratelimit:write")
_PAYING = ("payments:write",)
_ADMINISTERING = ("identity:admin", "tenants:admin", *_PAYING, *_OPERATING)

BUILT_IN = {
    role.name: role
    for role in (
        _built_in(MEMBER, "Everyone with an account: the graph, for oneself", "graph"),
        _built_in(OPERATOR, "Steers stock, jobs and rate limits", *_OPERATING),
        _built_in("cashier", "Moves the house's money: captures, refunds, disputes, payouts", *_PAYING),
        _built_in(ADMIN, "Steers everything, money, tenants and accounts too", *_ADMINISTERING),
    )
}


def access_of(holding: Holding, known: Mapping[str, Role]) -> Access:
    """The rights that come of what a user holds; a role that is not `known` any more gives none."""
    roles = [known[name] for name in sorted(holding.roles | {MEMBER}) if name in known]
    grants = (grant for role in roles for grant in role.grants)
    scopes = frozenset(grant.scope for grant in grants if grant.when.items() <= holding.attributes.items())
    return Access(tuple(role.name for role in roles), scopes)


def check_role(role: Role) -> Role:
    """The role, or InvalidInputError for the first member that breaks a rule."""
    check_name("name", role.name)
    if role.name in BUILT_IN:
        raise InvalidInputError("name", "is that of a role that comes with the platform and stays as it is")
    _check_text("description", role.description)
    if len(role.grants) > MAX_GRANTS:
        raise InvalidInputError("grants", f"may be {MAX_GRANTS} at most")
    for grant in role.grants:
        _check_grant(grant)
    return role


def check_name(field: str, name: str) -> str:
    """The name of a role or an attribute, or InvalidInputError."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(field, "must be 1 to 40 of a-z, 0-9, - and _, a letter first")
    return name


def check_attributes(attributes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The attributes by name, or InvalidInputError."""
    checked: dict[str, str] = {}
    for name, value in attributes:
        checked[check_name("name", name)] = _check_text("value", value)
    return checked


def _check_grant(grant: Grant) -> None:
    if not _SCOPE.fullmatch(grant.scope):
        raise InvalidInputError("scope", "must be 1 to 100 characters that a scope may have (RFC 6749)")
    if len(grant.when) > MAX_CONDITIONS:
        raise InvalidInputError("when", f"may have {MAX_CONDITIONS} attributes at most")
    check_attributes(grant.when.items())


def _check_text(field: str, text: str) -> str:
    if not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
        raise InvalidInputError(field, f"must be 1 to {MAX_TEXT} printable characters")
    return text
