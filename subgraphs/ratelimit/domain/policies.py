"""Policies: which limits apply to whom. A request is described by attributes; a policy picks those that it counts by."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from common.inputs import InvalidInputError
from common.limiting import counted_address
from subgraphs.ratelimit.domain.patterns import LONGEST, Patterns, check_pattern, compile_pattern
from subgraphs.ratelimit.domain.rules import MAX_COST, Algorithm, Call, Rule, check_rule
from subgraphs.ratelimit.errors import UnknownPolicyError

Descriptor = Mapping[str, str]

ADDRESS = "address"
"""The attribute that is a client's address, of which IPv6 ones are counted by their network."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_ATTRIBUTES = 16
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which JSON can name and UTF-8 cannot
_PLAIN_IDENTITY = 64
_SHOWN_IDENTITY = 200
_SEPARATOR = "\x1f"  # in no printable value
_BINDINGS = 16_384


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


class Limit:
    """A policy as it applies to one request: the rule with its override, the count's key, and whom it is about as people read it."""

    __slots__ = ("identity", "key", "policy", "rule")

    def __init__(self, policy: Policy, rule: Rule, key: str, identity: str) -> None:
        self.policy = policy
        self.rule = rule
        self.key = key
        self.identity = identity

    def call(self, cost: int, now: int) -> Call:
        """The limit in a decision of that cost; `now` in microseconds since 1970 is for calendar windows."""
        return self.rule.call(self.key, cost, shadow=self.policy.is_shadow, now=now)


class Limits:
    """The limits that apply to a request, highest priority first."""

    __slots__ = ("_unit_calls", "each", "has_shadows", "leased", "others")

    def __init__(self, each: Sequence[Limit]) -> None:
        self.each = tuple(each)
        self.has_shadows = any(limit.policy.is_shadow for limit in self.each)
        self.leased = tuple(limit for limit in self.each if limit.policy.is_leased)
        self.others = Limits([limit for limit in each if not limit.policy.is_leased]) if self.leased else self
        has_calendar = any(limit.rule.is_calendar for limit in self.each)
        self._unit_calls = None if has_calendar else [limit.call(1, 0) for limit in self.each]

    def calls(self, cost: int, now: int) -> list[Call]:
        """All of them in a decision of that cost; see `Limit.call`."""
        if cost == 1 and self._unit_calls is not None:
            return self._unit_calls
        return [limit.call(cost, now) for limit in self.each]


class _Matcher:
    """A policy with its overrides, ready to be asked."""

    def __init__(self, policy: Policy, overrides: Sequence[Override]) -> None:
        self.policy = policy
        self._when = [(name, compile_pattern(text)) for name, text in policy.when.items()]
        self._overrides = Patterns((each.pattern, overridden(policy.rule, each)) for each in overrides)

    def limit(self, descriptor: Descriptor) -> Limit | None:
        policy = self.policy
        if any(not wanted.fullmatch(descriptor.get(name, "")) for name, wanted in self._when):
            return None
        values = [descriptor.get(name) for name in policy.by]
        if None in values:
            return None
        named = [value for value in values if value is not None]
        identity = "/".join(named)
        rule = self._overrides.find(identity) or policy.rule
        return Limit(policy, rule, _key(policy, named), _shown(identity))


class PolicySet:
    """All policies at one moment, and what of them applies to a request. It never changes; a new one takes its place."""

    def __init__(
        self, namespaces: Iterable[str], policies: Iterable[Policy], overrides: Iterable[Override]
    ) -> None:
        of_policy: dict[UUID, list[Override]] = {}
        for override in overrides:
            of_policy.setdefault(override.policy_id, []).append(override)
        self._matchers: dict[str, list[_Matcher]] = {name: [] for name in namespaces}
        for policy in sorted(policies, key=lambda each: (-each.priority, each.name)):
            self._matchers[policy.namespace].append(_Matcher(policy, of_policy.get(policy.id, ())))
        self._bindings: dict[tuple[str, tuple[tuple[str, str], ...]], Limits] = {}

    def limits(self, namespace: str, descriptor: Descriptor) -> Limits:
        """The limits that apply.

        Raises:
            UnknownPolicyError: there is no such namespace.
            InvalidInputError: an attribute cannot be one.
        """
        asked = (namespace, tuple(descriptor.items()))
        found = self._bindings.get(asked)
        if found is None:
            found = self._find(namespace, descriptor)
            if len(self._bindings) >= _BINDINGS:
                self._bindings.clear()
            self._bindings[asked] = found
        return found

    def _find(self, namespace: str, descriptor: Descriptor) -> Limits:
        matchers = self._matchers.get(namespace)
        if matchers is None:
            raise UnknownPolicyError("There is no such namespace")
        check_descriptor(descriptor)
        if ADDRESS in descriptor:
            descriptor = {**descriptor, ADDRESS: counted_address(descriptor[ADDRESS])}
        limits = (matcher.limit(descriptor) for matcher in matchers)
        return Limits([limit for limit in limits if limit is not None])

    @cached_property
    def namespaces(self) -> frozenset[str]:
        return frozenset(self._matchers)


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


def _key(policy: Policy, values: Sequence[str]) -> str:
    """The count's key: all of a namespace in one slot of a cluster, and no identity too long to be kept."""
    identity = _SEPARATOR.join(values)
    if len(identity) > _PLAIN_IDENTITY or identity.startswith("#") or not "".join(values).isprintable():
        identity = "#" + blake2b(msgspec.json.encode(values), digest_size=16).hexdigest()
    return f"rl:{{{policy.namespace}}}:{policy.id.hex}:{identity}"


def _shown(identity: str) -> str:
    """The identity as a text that people can read and a table's index can hold; it may be anything that a client makes up."""
    if not identity.isprintable():
        identity = "".join([each if each.isprintable() else "\ufffd" for each in identity])
    if len(identity) > _SHOWN_IDENTITY:
        digest = blake2b(identity.encode(), digest_size=8).hexdigest()
        identity = f"{identity[: _SHOWN_IDENTITY - 20]}...#{digest}"
    return identity
