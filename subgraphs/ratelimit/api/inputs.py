"""What the mutations take, and what it is in the domain."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import strawberry

from common.inputs import InvalidInputError, parse_id
from subgraphs.ratelimit.api.enums import Algorithm, CalendarUnit, FailMode
from subgraphs.ratelimit.domain.policies import Override, Policy
from subgraphs.ratelimit.domain.rules import Rule
from subgraphs.ratelimit.errors import UnknownPolicyError

_NEW = UUID(int=0)


@strawberry.input(name="RateLimitAttributeInput", description="A request's attribute, or a pattern for it.")
class AttributeInput:
    name: str
    value: str


@strawberry.input(name="RateLimitPolicyInput")
class PolicyInput:
    namespace: str
    name: str
    algorithm: Algorithm
    limit: int
    by: list[str] = strawberry.field(default_factory=list)
    when: list[AttributeInput] = strawberry.field(default_factory=list)
    period: int = strawberry.field(
        default=0, description="Seconds; leave out for CONCURRENCY and with a calendar unit."
    )
    burst: int = strawberry.field(
        default=0, description="Tokens at once, of TOKEN_BUCKET; the limit if it is left out."
    )
    calendar: CalendarUnit | None = None
    time_zone: str = "UTC"
    fail_mode: FailMode = FailMode.LOCAL
    is_shadow: bool = False
    is_leased: bool = strawberry.field(default=False, description="Of TOKEN_BUCKET.")
    priority: int = 0

    def policy(self) -> Policy:
        """The policy as it is to be."""
        is_bucket = self.algorithm is Algorithm.TOKEN_BUCKET
        rule = Rule(
            algorithm=self.algorithm,
            limit=self.limit,
            period=self.period,
            burst=self.burst or (self.limit if is_bucket else 0),
            calendar=self.calendar,
            time_zone=self.time_zone,
        )
        return Policy(
            id=_NEW,
            namespace=self.namespace,
            name=self.name,
            by=tuple(self.by),
            when=descriptor(self.when),
            rule=rule,
            fail_mode=self.fail_mode,
            is_shadow=self.is_shadow,
            is_leased=self.is_leased,
            priority=self.priority,
            version=1,
        )


@strawberry.input(name="RateLimitOverrideInput")
class OverrideInput:
    policy_id: strawberry.ID
    pattern: str
    limit: int
    burst: int = strawberry.field(default=0, description="Of TOKEN_BUCKET.")
    until: datetime | None = None

    def override(self) -> Override:
        """The override as it is to be."""
        until = self.until if self.until is None or self.until.tzinfo else self.until.replace(tzinfo=UTC)
        return Override(
            id=_NEW,
            policy_id=require_id(self.policy_id),
            pattern=self.pattern,
            limit=self.limit,
            burst=self.burst,
            until=until,
        )


def require_id(text: str) -> UUID:
    """The id. Raises UnknownPolicyError for what cannot be one."""
    parsed = parse_id(text)
    if parsed is None:
        raise UnknownPolicyError("There is no such policy")
    return parsed


def descriptor(attributes: Sequence[AttributeInput]) -> dict[str, str]:
    """The attributes by name, each once."""
    named = {each.name: each.value for each in attributes}
    if len(named) < len(attributes):
        raise InvalidInputError("attributes", "must each be given once")
    return named
