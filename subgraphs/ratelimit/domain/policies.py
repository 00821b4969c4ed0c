"""Policies as they are written down: limits, whom they count for, and what is right about them. Who they apply to: `matching`."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from common.inputs import InvalidInputError
from subgraphs.ratelimit.domain.patterns import LONGEST, check_pattern
from subgraphs.ratelimit.domain.rules import MAX_COST, Algorithm, Rule, check_rule

Descriptor = Mapping[str, str]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_ATTRIBUTES = 16
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which JSON can name and UTF-8 cannot


class FailMode(StrEnum):
    """What a policy does while Valkey does not answer: admit all, refuse all, or keep its share of the limit by itself."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    LOCAL = "LOCAL"


class Namespace(Struct, frozen=True):
    """What policies belong to: a door that asks, such as the router or a tenant's proxy."""

    id: UUID
    name: str
    description: str


class Policy(Struct, frozen=True, kw_only=True):
    """One limit of a namespace.

    Args:
        by: the attributes whose values together have a count of their own; none is one count for all.
        when: patterns that other attributes must match for it to apply; `*` stands for any characters.
        is_shadow: it counts and tells, and denies nobody.
        is_leased: each process takes tokens in advance and spends them by itself; for TOKEN_BUCKET that many ask for.
        priority: of several that deny, the one of the highest is told.
    """

    id: UUID
    namespace: str
    name: str
    by: tuple[str, ...]
    when: dict[str, str]
    rule: Rule
    fail_mode: FailMode
    is_shadow: bool
    priority: int
    version: int
    is_leased: bool = False


class Override(Struct, frozen=True, kw_only=True):
    """Another limit for those identities of a policy that match `pattern`, until a moment if one is given.

    The identity is the values of the policy's `by` attributes, joined by a slash. A pattern without a star goes before one with,
    a longer one before a shorter.
    """

    id: UUID
    policy_id: UUID
    pattern: str
    limit: int
    burst: int
    until: datetime | None


def overridden(rule: Rule, override: Override) -> Rule:
    """The rule with the override's limit in it."""
    return replace(rule, limit=override.limit, burst=override.burst)


def check_name(field: str, name: str) -> str:
    """Return `name`, or raise InvalidInputError unless it can stand in a header, a key and an address."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            field, "must be 1 to 40 of a-z, 0-9, - and _, and start with none of the last two"
        )
    return name


def check_descriptor(descriptor: Descriptor) -> None:
    """Raise InvalidInputError unless there are few attributes, with names and short values."""
    if len(descriptor) > _ATTRIBUTES:
        raise InvalidInputError("descriptor", f"has more than {_ATTRIBUTES} attributes")
    for name, value in descriptor.items():
        check_attribute("descriptor", name)
        if not 1 <= len(value) <= LONGEST or _SURROGATE.search(value):
            raise InvalidInputError("descriptor", f"must have values of 1 to {LONGEST} characters")


def check_attribute(field: str, name: str) -> str:
    """Return `name`, or raise InvalidInputError unless it is an attribute's name."""
    if not _ATTRIBUTE.fullmatch(name):
        raise InvalidInputError(field, "must name attributes by letters, digits, - _ and ., a letter first")
    return name


def check_cost(cost: int) -> int:
    """Return `cost`, or raise InvalidInputError unless a decision may cost so many tokens."""
    if not 1 <= cost <= MAX_COST:
        raise InvalidInputError("cost", f"must be 1 to {MAX_COST}")
    return cost


def check_policy(policy: Policy) -> Policy:
    """Return `policy`, or raise InvalidInputError for the first of its members that is wrong."""
    check_name("name", policy.name)
    if len(policy.by) > _ATTRIBUTES or len(set(policy.by)) < len(policy.by):
        raise InvalidInputError("by", f"must be at most {_ATTRIBUTES} different attributes")
    if len(policy.when) > _ATTRIBUTES:
        raise InvalidInputError("when", f"must be at most {_ATTRIBUTES} attributes")
    for name in policy.by:
        check_attribute("by", name)
    for name, text in policy.when.items():
        check_attribute("when", name)
        check_pattern("when", text)
    if not -1_000 <= policy.priority <= 1_000:
        raise InvalidInputError("priority", "must be -1000 to 1000")
    if policy.is_leased and (policy.is_shadow or policy.rule.algorithm is not Algorithm.TOKEN_BUCKET):
        raise InvalidInputError("isLeased", "is for TOKEN_BUCKET that denies")
    check_rule(policy.rule)
    return policy
