"""The rate limiter's mutations; each needs the scope `ratelimit:write`, which the router asks for as well."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, Any, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.ratelimit.access import WRITE_SCOPE
from subgraphs.ratelimit.api.context import Info
from subgraphs.ratelimit.api.inputs import (
    AttributeInput,
    OverrideInput,
    PolicyInput,
    descriptor,
    require_id,
)
from subgraphs.ratelimit.api.types import Namespace, Override, Policy, State
from subgraphs.ratelimit.errors import UnknownPolicyError


@strawberry.type(name="RateLimitPolicyNotFound", description="No policy or namespace is named so.")
class PolicyNotFound:
    message: str
    code: str = "NOT_FOUND"


PolicyResult: TypeAlias = Annotated[
    Policy | InvalidInput | PolicyNotFound, strawberry.union("RateLimitPolicyResult")
]
OverrideResult: TypeAlias = Annotated[
    Override | InvalidInput | PolicyNotFound, strawberry.union("RateLimitOverrideResult")
]


def _mutation(description: str) -> Any:
    return strawberry.federation.mutation(description=description, requires_scopes=[[WRITE_SCOPE]])


@strawberry.type
class Mutation:
    @_mutation("Make a namespace, or describe it anew.")
    async def put_rate_limit_namespace(self, info: Info, name: str, description: str = "") -> Namespace:
        info.context.require_write()
        return Namespace.of(await info.context.book.put_namespace(name, description))

    @_mutation("Write a policy down by its namespace and name; `dryRun` only tells what it would be.")
    async def upsert_rate_limit_policy(
        self,
        info: Info,
        input: PolicyInput,  # noqa: A002 - the argument's name in the schema
        dry_run: bool = False,  # noqa: FBT001, FBT002 - Strawberry passes it by name
    ) -> PolicyResult:
        changed_by = info.context.require_write()
        try:
            put = await info.context.book.upsert_policy(input.policy(), changed_by, dry_run=dry_run)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except UnknownPolicyError as refusal:
            return PolicyNotFound(message=refusal.message)
        return Policy.of(put)

    @_mutation("Let a shadow policy deny from now on.")
    async def promote_rate_limit_shadow(self, info: Info, id: strawberry.ID) -> PolicyResult:  # noqa: A002 - the argument's name in the schema
        changed_by = info.context.require_write()
        try:
            return Policy.of(await info.context.book.promote_shadow(require_id(id), changed_by))
        except UnknownPolicyError as refusal:
            return PolicyNotFound(message=refusal.message)

    @_mutation("Remove a policy and its overrides; whether there was one.")
    async def remove_rate_limit_policy(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        info.context.require_write()
        return await info.context.book.remove_policy(require_id(id))

    @_mutation("Give those whom a pattern names another limit; the override of the same pattern is replaced.")
    async def set_rate_limit_override(
        self,
        info: Info,
        input: OverrideInput,  # noqa: A002 - the argument's name in the schema
    ) -> OverrideResult:
        info.context.require_write()
        try:
            return Override.of(await info.context.book.set_override(input.override()))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except UnknownPolicyError as refusal:
            return PolicyNotFound(message=refusal.message)

    @_mutation("Remove an override; whether there was one.")
    async def remove_rate_limit_override(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        info.context.require_write()
        return await info.context.book.remove_override(require_id(id))

    @_mutation("Forget what was taken of the limits that apply to a request of such attributes.")
    async def reset_rate_limits(
        self, info: Info, namespace: str, attributes: list[AttributeInput]
    ) -> list[State]:
        info.context.require_write()
        outcome = await info.context.limits.reset(namespace, descriptor(attributes))
        return [State.of(limit, standing) for limit, standing in outcome.pairs]
