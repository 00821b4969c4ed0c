"""What was decided, for those who run a door: counts by the minute, who takes the most, and denials as they happen."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from common.inputs import InvalidInputError
from subgraphs.ratelimit.api.context import Info
from subgraphs.ratelimit.domain import usage as domain
from subgraphs.ratelimit.domain.model import NEVER
from subgraphs.ratelimit.domain.rules import MICROSECONDS
from subgraphs.ratelimit.store.usage import DENIALS

if TYPE_CHECKING:
    from subgraphs.ratelimit.api.types import Policy

MAX_MINUTES = 1_440


@strawberry.type(
    name="RateLimitUsage", description="Decisions of a minute, by the clocks of the processes that made them."
)
class MinuteUsage:
    minute: datetime
    allowed: int
    denied: int
    shadow_denied: int = strawberry.field(description="Admitted, though the shadow would have denied.")
    tokens: float = strawberry.field(description="What the admitted ones took; a whole number.")

    @classmethod
    def of(cls, usage: domain.MinuteUsage) -> "MinuteUsage":
        return cls(
            minute=usage.minute,
            allowed=usage.allowed,
            denied=usage.denied,
            shadow_denied=usage.shadow_denied,
            tokens=usage.tokens,
        )


@strawberry.type(name="RateLimitConsumer", description="One of those who took the most.")
class Consumer:
    identity: str = strawberry.field(description="The values of the policy's attributes, joined by a slash.")
    tokens: float = strawberry.field(description="What it took at least; a whole number.")


@strawberry.type(
    name="RateLimitDenial", description="Denials of one identity within a moment, of which this is the first."
)
class Denial:
    identity: str
    at: datetime
    cost: int
    wait_seconds: float | None = strawberry.field(description="As it was told; null for never.")
    times: int = strawberry.field(description="So many were denied.")
    policy_id: strawberry.Private[UUID]

    @strawberry.field(description="What denied them; null once it is removed.")
    async def policy(
        self, info: Info
    ) -> Annotated["Policy", strawberry.lazy("subgraphs.ratelimit.api.types")] | None:
        from subgraphs.ratelimit.api.types import Policy  # noqa: PLC0415 - the types know each other

        found = await info.context.policies.load(self.policy_id)
        return Policy.of(found) if found else None

    @classmethod
    def of(cls, denial: domain.Denial) -> "Denial":
        return cls(
            identity=denial.identity,
            at=denial.at,
            cost=denial.cost,
            wait_seconds=None if denial.wait == NEVER else denial.wait / MICROSECONDS,
            times=denial.times,
            policy_id=denial.policy_id,
        )


async def usage_of(info: Info, policy_id: UUID, minutes: int) -> list[MinuteUsage]:
    """The policy's last minutes, for an operator."""
    info.context.require_operator()
    if not 1 <= minutes <= MAX_MINUTES:
        raise InvalidInputError("minutes", f"must be 1 to {MAX_MINUTES}")
    return [MinuteUsage.of(each) for each in await info.context.usage_of.load(policy_id, minutes)]


async def consumers_of(info: Info, policy_id: UUID, first: int) -> list[Consumer]:
    """The policy's consumers, for an operator."""
    info.context.require_operator()
    if not 1 <= first <= domain.TOP:
        raise InvalidInputError("first", f"must be 1 to {domain.TOP}")
    found = await info.context.consumers_of.load(policy_id, first)
    return [Consumer(identity=each.identity, tokens=each.tokens) for each in found]


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="Denials of a namespace, soon after they happen: each process tells of a hundred identities in two seconds at most."
    )
    async def rate_limit_denials(self, info: Info, namespace: str) -> AsyncGenerator[Denial, None]:
        info.context.require_operator()
        usage = info.context.usage
        seen = {denial.id for denial in await usage.denials(namespace)}
        changes = info.context.live.watch(DENIALS, [namespace], lambda: usage.denials(namespace))
        async with aclosing(changes):
            async for latest in changes:
                info.context.policies.clear_all()
                for denial in reversed(latest):
                    if denial.id not in seen:
                        yield Denial.of(denial)
                seen = {denial.id for denial in latest}
