"""What applies to a request: it is described by attributes, of which a policy picks those that it counts by."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import Struct

from common.limiting import counted_address
from subgraphs.ratelimit.domain.patterns import Patterns, compile_pattern
from subgraphs.ratelimit.domain.policies import Descriptor, Override, Policy, check_descriptor, overridden
from subgraphs.ratelimit.domain.rules import Call, Rule
from subgraphs.ratelimit.errors import UnknownPolicyError

ADDRESS = "address"
"""The attribute that is a client's address, of which IPv6 ones are counted by their network."""

_PLAIN_IDENTITY = 64
_SHOWN_IDENTITY = 200
_SEPARATOR = "\x1f"  # in no printable value
_BINDINGS = 16_384


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


class Explanation(Struct, frozen=True):
    """Why a policy applies to a request, by `limit` and the `override` in it; or why not, by attributes.

    Args:
        missing: those that it counts by and that are not given.
        unmatched: those whose values do not match its patterns, with the patterns.
    """

    policy: Policy
    missing: tuple[str, ...]
    unmatched: dict[str, str]
    limit: Limit | None
    override: Override | None


class _Matcher:
    """A policy with its overrides, ready to be asked."""

    def __init__(self, policy: Policy, overrides: Sequence[Override]) -> None:
        self.policy = policy
        self._when = [(name, compile_pattern(text)) for name, text in policy.when.items()]
        self._overrides = Patterns(
            (each.pattern, (each, overridden(policy.rule, each))) for each in overrides
        )

    def limit(self, descriptor: Descriptor) -> Limit | None:
        policy = self.policy
        if any(not wanted.fullmatch(descriptor.get(name, "")) for name, wanted in self._when):
            return None
        values = [descriptor.get(name) for name in policy.by]
        if None in values:
            return None
        named = [value for value in values if value is not None]
        identity = "/".join(named)
        found = self._overrides.find(identity)
        return Limit(policy, found[1] if found else policy.rule, _key(policy, named), _shown(identity))

    def explain(self, descriptor: Descriptor) -> Explanation:
        policy, limit = self.policy, self.limit(descriptor)
        found = self._overrides.find("/".join(descriptor[name] for name in policy.by)) if limit else None
        matched = {name for name, wanted in self._when if wanted.fullmatch(descriptor.get(name, ""))}
        return Explanation(
            policy,
            tuple(name for name in policy.by if name not in descriptor),
            {name: pattern for name, pattern in policy.when.items() if name not in matched},
            limit,
            found[0] if found else None,
        )


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

    def explain(self, namespace: str, descriptor: Descriptor) -> list[Explanation]:
        """Each policy of a namespace, and why it applies or not. Raises as `limits` does."""
        counted = _counted(descriptor)
        return [matcher.explain(counted) for matcher in self._of(namespace)]

    def _find(self, namespace: str, descriptor: Descriptor) -> Limits:
        matchers, counted = self._of(namespace), _counted(descriptor)
        limits = (matcher.limit(counted) for matcher in matchers)
        return Limits([limit for limit in limits if limit is not None])

    def _of(self, namespace: str) -> Sequence[_Matcher]:
        matchers = self._matchers.get(namespace)
        if matchers is None:
            raise UnknownPolicyError("There is no such namespace")
        return matchers

    @cached_property
    def namespaces(self) -> frozenset[str]:
        return frozenset(self._matchers)


def _counted(descriptor: Descriptor) -> Descriptor:
    """The attributes as they are counted by. Raises InvalidInputError."""
    check_descriptor(descriptor)
    if ADDRESS not in descriptor:
        return descriptor
    return {**descriptor, ADDRESS: counted_address(descriptor[ADDRESS])}


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
