"""`POST /v1/policies:declare`: a service says which limits of a namespace there are, as often as it likes."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from common.app import Doorkeeper, EdgeAnswer, EdgeRoute
from subgraphs.ratelimit.domain.calendar import CalendarUnit
from subgraphs.ratelimit.domain.policies import FailMode, Override, Policy
from subgraphs.ratelimit.domain.rules import MAX_COST, Algorithm, Rule
from subgraphs.ratelimit.routes.limits import Attribute, Name, Value
from subgraphs.ratelimit.service.policies import PolicyBook

MAX_POLICIES = 100
MAX_OVERRIDES = 1_000
SERVICE = "service"
_NEW = UUID(int=0)

Number = Annotated[int, Meta(ge=0, le=2**53)]
Limit = Annotated[int, Meta(ge=1, le=MAX_COST)]


class DeclaredPolicy(Struct, frozen=True, rename="camel"):
    """As `RateLimitPolicyInput` in the graph."""

    name: Name
    algorithm: Algorithm
    limit: Limit
    by: list[Attribute] = []
    period: Number = 0
    burst: Number = 0
    calendar: CalendarUnit | None = None
    fail_mode: FailMode = FailMode.LOCAL


class DeclaredOverride(Struct, frozen=True):
    """Another limit of the policy for whom `pattern` names."""

    policy: Name
    pattern: Value
    limit: Limit
    burst: Number = 0


class Declare(Struct, frozen=True):
    """Policies and overrides that are not named here stay as they are."""

    namespace: Name
    description: Annotated[str, Meta(max_length=500)] = ""
    policies: Annotated[list[DeclaredPolicy], Meta(max_length=MAX_POLICIES)] = []
    overrides: Annotated[list[DeclaredOverride], Meta(max_length=MAX_OVERRIDES)] = []


class Declared(Struct, frozen=True):
    """How many policies are other than before."""

    changed: int


def routes(book: PolicyBook, doorkeeper: Doorkeeper) -> list[EdgeRoute[Any]]:
    """The door over `book`."""

    async def declare(asked: Declare) -> EdgeAnswer:
        policies = [_policy(asked.namespace, each) for each in asked.policies]
        overrides = [(each.policy, _override(each)) for each in asked.overrides]
        changed = await book.declare(asked.namespace, asked.description, policies, overrides, SERVICE)
        return EdgeAnswer.of(Declared(changed))

    summary = "Say which limits there are"
    return [
        EdgeRoute(
            "/v1/policies:declare", Declare, {200: Declared}, declare, admit=doorkeeper.admit, summary=summary
        )
    ]


def _policy(namespace: str, declared: DeclaredPolicy) -> Policy:
    rule = Rule(
        algorithm=declared.algorithm,
        limit=declared.limit,
        period=declared.period,
        burst=declared.burst,
        calendar=declared.calendar,
    )
    return Policy(
        id=_NEW,
        namespace=namespace,
        name=declared.name,
        by=tuple(declared.by),
        when={},
        rule=rule,
        fail_mode=declared.fail_mode,
        is_shadow=False,
        priority=0,
        version=1,
    )


def _override(declared: DeclaredOverride) -> Override:
    return Override(
        id=_NEW,
        policy_id=_NEW,
        pattern=declared.pattern,
        limit=declared.limit,
        burst=declared.burst,
        until=None,
    )
