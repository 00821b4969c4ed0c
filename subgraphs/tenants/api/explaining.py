"""Explained requests in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import msgspec
import strawberry
from strawberry.scalars import JSON

from common.inputs import check_page, parse_id
from common.limiting import LimitState
from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.dataplane.refusals import Refusal as DomainRefusal
from subgraphs.tenants.errors import NotFoundError
from subgraphs.tenants.service import explaining as domain

strawberry.enum(
    domain.Outcome,
    name="ExplainedRouteOutcome",
    description="MATCHES is the one that serves it; others match and are OUTRANKED, or are for another HOST, METHOD or PATH.",
)


@strawberry.type(name="ExplainedRoute", description="A route, and what it is to the request.")
class Route:
    name: str
    outcome: domain.Outcome
    document: JSON = strawberry.field(description="As the configuration has it.")

    @classmethod
    def of(cls, explained: domain.ExplainedRoute) -> "Route":
        route = explained.route
        return cls(name=route.name, outcome=explained.outcome, document=msgspec.to_builtins(route))


@strawberry.type(name="ExplainedPolicy", description="What holds on the route that matches.")
class Policy:
    name: str
    document: JSON


@strawberry.type(name="ExplainedRefusal", description="A rule that refuses the request.")
class Refusal:
    policy: str = strawberry.field(description="As problem documents of the gateway name it.")
    status: int
    title: str
    detail: JSON = strawberry.field(description="What else the problem document says.")

    @classmethod
    def of(cls, refusal: DomainRefusal) -> "Refusal":
        return cls(
            policy=refusal.rule.value,
            status=refusal.status,
            title=refusal.title,
            detail=JSON(refusal.members),
        )


@strawberry.type(name="ExplainedLimit", description="A limit that the request counts towards, as it stands.")
class Limit:
    policy: str
    limit: float
    remaining: float
    reset: float = strawberry.field(description="Seconds until all of it is free.")
    wait: float | None = strawberry.field(description="Seconds until the request may be admitted.")

    @classmethod
    def of(cls, state: LimitState) -> "Limit":
        return cls(
            policy=state.policy,
            limit=state.limit,
            remaining=state.remaining,
            reset=state.reset,
            wait=state.wait,
        )


@strawberry.type(name="ExplainedUpstream", description="Where the request goes unless it is refused.")
class Upstream:
    name: str
    targets: list[str]
    path: str = strawberry.field(description="As the upstream sees it.")

    @classmethod
    def of(cls, sent: domain.Sent) -> "Upstream":
        return cls(name=sent.upstream, targets=list(sent.targets), path=sent.path)


@strawberry.type(
    name="RequestExplanation",
    description="What would become of a request by the configuration that is served.",
)
class Explanation:
    version: int
    routes: list[Route] = strawberry.field(description="The nearest to matching first.")
    policy: Policy | None
    refusals: list[Refusal] = strawberry.field(
        description="All rules that refuse; the first is what the client is told."
    )
    limits: list[Limit] = strawberry.field(description="Those that would be asked; none of them is charged.")
    may_read: bool | None = strawberry.field(
        description="Whether a page of the origin may read the answer; null where the gateway does not say."
    )
    upstream: Upstream | None

    @classmethod
    def of(cls, explained: domain.Explanation, first: int) -> "Explanation":
        policy = None
        if explained.policy is not None:
            name, document = explained.policy
            policy = Policy(name=name, document=msgspec.to_builtins(document))
        return cls(
            version=explained.version,
            routes=[Route.of(route) for route in explained.routes[:first]],
            policy=policy,
            refusals=[Refusal.of(refusal) for refusal in explained.refusals],
            limits=[Limit.of(state) for state in explained.limits],
            may_read=explained.may_read,
            upstream=Upstream.of(explained.sent) if explained.sent else None,
        )


@strawberry.type
class ExplainingQueries:
    @strawberry.field(
        description=(
            "Which route a request to a tenant's API matches, and which `first` others are near; what of the policy refuses "
            "it, and where it goes else. Nothing is sent or charged. Null while nothing of the tenant is served."
        )
    )
    async def explain_request(
        self,
        info: Info,
        *,
        tenant_id: strawberry.ID,
        method: str,
        host: str,
        path: str,
        key_id: strawberry.ID | None = None,
        origin: str | None = None,
        body_size: int | None = None,
        first: int = 20,
    ) -> Explanation | None:
        check_page(first)
        caller = info.context.require_caller()
        key = parse_id(key_id) if key_id is not None else None
        if key_id is not None and key is None:
            raise NotFoundError("key")
        asked = domain.Asked(
            method=method, host=host, path=path, key_id=key, origin=origin, body_size=body_size
        )
        found = await info.context.use.explaining.explain(caller, parse_tenant_id(tenant_id), asked)
        return Explanation.of(found, first) if found else None
