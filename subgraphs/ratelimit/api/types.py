"""The rate limiter's GraphQL types. Policies are seen by everyone who is signed in, how limits stand by whom it is about."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry
import strawberry.federation

from common.errors import ForbiddenError
from common.inputs import parse_id
from subgraphs.ratelimit.api.context import Info
from subgraphs.ratelimit.api.enums import Algorithm, CalendarUnit, FailMode
from subgraphs.ratelimit.api.usage import Consumer, MinuteUsage, consumers_of, usage_of
from subgraphs.ratelimit.domain.matching import Explanation as DomainExplanation
from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.model import NEVER, Standing
from subgraphs.ratelimit.domain.policies import Namespace as DomainNamespace
from subgraphs.ratelimit.domain.policies import Override as DomainOverride
from subgraphs.ratelimit.domain.policies import Policy as DomainPolicy
from subgraphs.ratelimit.domain.rules import MICROSECONDS

USER_ATTRIBUTE = "user"

T = TypeVar("T")


async def _referenced(info: Info, load: Callable[[UUID], Awaitable[T]], id_: str) -> T | None:
    """What everyone who is signed in may see, by an id that anyone may have made up."""
    info.context.require_caller()
    parsed = parse_id(id_)
    return await load(parsed) if parsed else None


@strawberry.type(name="RateLimitAttribute", description="A request's attribute, or a pattern for it.")
class Attribute:
    name: str
    value: str


@strawberry.federation.type(
    name="RateLimitNamespace", keys=["id"], description="What policies belong to, such as a router."
)
class Namespace:
    id: strawberry.ID
    name: str
    description: str

    @strawberry.field(description="Its policies, by name.")
    async def policies(self, info: Info) -> list["Policy"]:
        found = await info.context.policies_of.load(self.name)
        return [Policy.of(policy) for policy in found or ()]

    @classmethod
    def of(cls, namespace: DomainNamespace) -> "Namespace":
        return cls(
            id=strawberry.ID(str(namespace.id)), name=namespace.name, description=namespace.description
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Namespace | None":  # noqa: A002 - the key field's name
        found = await _referenced(info, info.context.namespaces.load, id)
        return cls.of(found) if found else None


@strawberry.federation.type(
    name="RateLimitPolicy", keys=["id"], description="One limit of a namespace, and whom it counts for."
)
class Policy:
    id: strawberry.ID
    name: str
    by: list[str] = strawberry.field(
        description="Attributes whose values together have a count of their own; none is one count for all."
    )
    when: list[Attribute] = strawberry.field(
        description="Patterns that other attributes must match; * is any text."
    )
    algorithm: Algorithm
    limit: int
    period: int = strawberry.field(description="Seconds; 0 for CONCURRENCY and with a calendar unit.")
    burst: int = strawberry.field(description="Tokens at once, of TOKEN_BUCKET; else 0.")
    calendar: CalendarUnit | None
    time_zone: str
    fail_mode: FailMode
    is_shadow: bool = strawberry.field(description="It counts and tells, and denies nobody.")
    is_leased: bool = strawberry.field(
        description="Each process takes tokens in advance and spends them by itself."
    )
    priority: int
    version: int
    namespace_name: strawberry.Private[str]

    @strawberry.field(description="What it belongs to.")
    async def namespace(self, info: Info) -> Namespace:
        found = await info.context.namespaces.load(self.namespace_name)
        assert found is not None, "a policy's namespace is never removed"
        return Namespace.of(found)

    @strawberry.field(description="Other limits for some, that are in force.")
    async def overrides(self, info: Info) -> list["Override"]:
        parsed = parse_id(self.id)
        found = await info.context.overrides_of.load(parsed) if parsed else None
        return [Override.of(override) for override in found or ()]

    @strawberry.field(
        description="What was decided in the last so many minutes, 1,440 at most; for who has a scope of this service."
    )
    async def usage(self, info: Info, minutes: int = 60) -> list[MinuteUsage]:
        return await usage_of(info, UUID(self.id), minutes)

    @strawberry.field(
        description="Who took the most tokens within a day, 50 at most; for who has a scope of this service."
    )
    async def top_consumers(self, info: Info, first: int = 10) -> list[Consumer]:
        return await consumers_of(info, UUID(self.id), first)

    @classmethod
    def of(cls, policy: DomainPolicy) -> "Policy":
        rule = policy.rule
        return cls(
            id=strawberry.ID(str(policy.id)),
            name=policy.name,
            by=list(policy.by),
            when=[Attribute(name=name, value=pattern) for name, pattern in policy.when.items()],
            algorithm=rule.algorithm,
            limit=rule.limit,
            period=rule.period,
            burst=rule.burst,
            calendar=rule.calendar,
            time_zone=rule.time_zone,
            fail_mode=policy.fail_mode,
            is_shadow=policy.is_shadow,
            is_leased=policy.is_leased,
            priority=policy.priority,
            version=policy.version,
            namespace_name=policy.namespace,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Policy | None":  # noqa: A002 - the key field's name
        found = await _referenced(info, info.context.policies.load, id)
        return cls.of(found) if found else None


@strawberry.federation.type(
    name="RateLimitOverride", keys=["id"], description="Another limit for whom a pattern names."
)
class Override:
    id: strawberry.ID
    pattern: str = strawberry.field(
        description="For the values of the policy's attributes, joined by a slash; * is any text."
    )
    limit: int
    burst: int
    until: datetime | None = strawberry.field(description="When it ends; null for never.")
    policy_id: strawberry.Private[str]

    @strawberry.field(description="Whose limit it changes; null once that is removed.")
    async def policy(self, info: Info) -> Policy | None:
        return await Policy.resolve_reference(info, strawberry.ID(self.policy_id))

    @classmethod
    def of(cls, override: DomainOverride) -> "Override":
        return cls(
            id=strawberry.ID(str(override.id)),
            pattern=override.pattern,
            limit=override.limit,
            burst=override.burst,
            until=override.until,
            policy_id=str(override.policy_id),
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Override | None":  # noqa: A002 - the key field's name
        found = await _referenced(info, info.context.overrides.load, id)
        return cls.of(found) if found else None


@strawberry.type(name="RateLimitState", description="How a limit stands for someone now.")
class State:
    policy: Policy
    limit: int = strawberry.field(description="The most at once, with the override that applies.")
    remaining: int
    held: int = strawberry.field(description="Of what is taken, that which is reserved only.")
    reset_seconds: float = strawberry.field(description="Until all of it is free.")
    wait_seconds: float | None = strawberry.field(
        description="Until the cost would be admitted; null if never."
    )

    @classmethod
    def of(cls, limit: Limit, standing: Standing) -> "State":
        return cls(
            policy=Policy.of(limit.policy),
            limit=limit.rule.capacity,
            remaining=standing.remaining,
            held=standing.held,
            reset_seconds=standing.reset / MICROSECONDS,
            wait_seconds=None if standing.wait == NEVER else standing.wait / MICROSECONDS,
        )


@strawberry.type(
    name="RateLimitExplanation", description="Why a policy applies to a request, or why it does not."
)
class Explanation:
    policy: Policy
    applies: bool
    missing: list[str] = strawberry.field(description="Attributes that it counts by and that are not given.")
    unmatched: list[Attribute] = strawberry.field(
        description="Patterns that the attributes do not match, each with its attribute."
    )
    identity: str | None = strawberry.field(description="Whose count it is, where it applies.")
    limit: int | None = strawberry.field(description="The most at once, where it applies.")
    override: Override | None = strawberry.field(description="What made the limit another than the policy's.")

    @classmethod
    def of(cls, explanation: DomainExplanation) -> "Explanation":
        limit, override = explanation.limit, explanation.override
        return cls(
            policy=Policy.of(explanation.policy),
            applies=limit is not None,
            missing=list(explanation.missing),
            unmatched=[Attribute(name=name, value=text) for name, text in explanation.unmatched.items()],
            identity=limit.identity if limit else None,
            limit=limit.rule.capacity if limit else None,
            override=Override.of(override) if override else None,
        )


@strawberry.federation.type(keys=["id"], extend=True)
class User:
    id: strawberry.ID

    @strawberry.field(description="How the limits of a namespace stand for the user; only one's own.")
    async def rate_limits(self, info: Info, namespace: str = "graph") -> list[State] | None:
        if not info.context.may_look(self.id):
            raise ForbiddenError("Only the user may see these limits")
        outcome = await info.context.limits.peek(namespace, {USER_ATTRIBUTE: self.id}, 1)
        return [State.of(limit, standing) for limit, standing in outcome.pairs]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)
