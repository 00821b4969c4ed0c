"""The rate limiter's queries."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from common.app.values import InvalidInput
from common.errors import ForbiddenError
from common.inputs import InvalidInputError
from subgraphs.ratelimit.api.context import Info
from subgraphs.ratelimit.api.inputs import AttributeInput, PolicyInput, descriptor
from subgraphs.ratelimit.api.simulation import RequestInput, Simulation, SimulationResult
from subgraphs.ratelimit.api.types import USER_ATTRIBUTE, Explanation, Namespace, Policy, State


@strawberry.type
class Query:
    @strawberry.field(description="All namespaces, by name.")
    async def rate_limit_namespaces(self, info: Info) -> list[Namespace]:
        info.context.require_caller()
        return [Namespace.of(each) for each in await info.context.book.namespaces()]

    @strawberry.field(description="The policy of that id.")
    async def rate_limit_policy(self, info: Info, id: strawberry.ID) -> Policy | None:  # noqa: A002 - the argument's name in the schema
        return await Policy.resolve_reference(info, id)

    @strawberry.field(
        description="How the limits stand that apply to a request of such attributes; nothing is taken."
    )
    async def rate_limit_state(
        self, info: Info, namespace: str, attributes: list[AttributeInput], cost: int = 1
    ) -> list[State]:
        info.context.require_caller()
        asked = descriptor(attributes)
        if not info.context.may_look(asked.get(USER_ATTRIBUTE)):
            raise ForbiddenError("Only the user may see these limits")
        outcome = await info.context.limits.peek(namespace, asked, cost)
        return [State.of(limit, standing) for limit, standing in outcome.pairs]

    @strawberry.field(
        description="Each policy of a namespace, the highest priority first, and why it applies to a request of such attributes or not; for who has a scope of this service."
    )
    async def explain_rate_limits(
        self, info: Info, namespace: str, attributes: list[AttributeInput]
    ) -> list[Explanation]:
        info.context.require_operator()
        return [
            Explanation.of(each) for each in info.context.limits.explain(namespace, descriptor(attributes))
        ]

    @strawberry.field(
        description="What a policy would have done with such requests, 5,000 at most, if nothing had been taken before; nothing is written."
    )
    async def simulate_rate_limit_policy(
        self, info: Info, policy: PolicyInput, requests: list[RequestInput]
    ) -> SimulationResult:
        info.context.require_operator()
        try:
            asked = [each.request() for each in requests]
            return Simulation.of(await info.context.book.simulate(policy.policy(), asked))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
