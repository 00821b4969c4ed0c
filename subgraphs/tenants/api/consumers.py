"""Consumers in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.inputs import check_page, parse_id
from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.api.keys import ApiKey
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.api.usage import UsageBucket, window
from subgraphs.tenants.domain.consumers import Consumer as DomainConsumer
from subgraphs.tenants.domain.consumers import NewConsumer
from subgraphs.tenants.domain.usage import Dimension, Span
from subgraphs.tenants.errors import NotFoundError


@strawberry.federation.type(
    keys=["id"], description="The people or the program behind a tenant's keys, for its members to see."
)
class Consumer:
    id: strawberry.ID
    tenant_id: strawberry.ID
    external_id: str = strawberry.field(
        description="The tenant's own name for it, which never changes; upstreams are told it."
    )
    name: str
    created_at: datetime
    removed_at: datetime | None
    consumer: strawberry.Private[DomainConsumer]

    @strawberry.field(description="Its newest keys, made before the key `before`.")
    async def keys(
        self, info: Info, first: int = 20, before: strawberry.ID | None = None
    ) -> list[ApiKey] | None:
        check_page(first)
        caller = info.context.require_caller()
        earlier = parse_id(before) if before else None
        found = await info.context.use.consumers.keys(caller, self.consumer, first, earlier)
        return [ApiKey.of(key) for key in found]

    @strawberry.field(
        description="What it has used from `since` and before `until`, a thousand buckets at most."
    )
    async def usage(
        self,
        info: Info,
        since: datetime,
        until: datetime,
        span: Span = Span.HOUR,
        by: list[Dimension] | None = None,
    ) -> list[UsageBucket] | None:
        caller = info.context.require_caller()
        asked = window(since, until, span, by)
        found = await info.context.use.consumers.usage(caller, self.consumer, asked)
        return [UsageBucket.of(bucket) for bucket in found]

    @classmethod
    def of(cls, consumer: DomainConsumer) -> "Consumer":
        return cls(
            id=strawberry.ID(str(consumer.id)),
            tenant_id=strawberry.ID(str(consumer.tenant_id)),
            external_id=consumer.external_id,
            name=consumer.name,
            created_at=consumer.created_at,
            removed_at=consumer.removed_at,
            consumer=consumer,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Consumer | None":  # noqa: A002 - the key field's name
        info.context.require_caller()
        parsed = parse_id(id)
        found = await info.context.consumers.load(parsed) if parsed else None
        return cls.of(found) if found else None


ConsumerResult: TypeAlias = Annotated[
    Consumer | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("ConsumerResult")
]


@strawberry.input(name="UpsertConsumerInput")
class UpsertConsumerInput:
    tenant_id: strawberry.ID
    external_id: str
    name: str


@strawberry.type
class ConsumerQueries:
    @strawberry.field(description="The consumer of that id, if the caller is a member of its tenant.")
    async def consumer(self, info: Info, id: strawberry.ID) -> Consumer | None:  # noqa: A002 - the argument's name in the schema
        return await Consumer.resolve_reference(info, id)


@strawberry.type
class ConsumerMutations:
    @strawberry.mutation(
        description="Put a consumer down by the tenant's own id for it, or call it otherwise; one that was removed is back."
    )
    async def upsert_consumer(self, info: Info, input: UpsertConsumerInput) -> ConsumerResult:  # noqa: A002 - the argument's name in the schema
        caller = info.context.require_caller()
        new = NewConsumer(input.external_id, input.name)
        try:
            tenant_id = parse_tenant_id(input.tenant_id)
            return Consumer.of(await info.context.use.consumers.upsert(caller, tenant_id, new))
        except EXPECTED as error:
            return refusal(error)

    @strawberry.mutation(
        description="Let none of a consumer's keys count any more, everywhere within a second; it gets no others."
    )
    async def remove_consumer(self, info: Info, id: strawberry.ID) -> Consumer:  # noqa: A002 - the argument's name in the schema
        caller = info.context.require_caller()
        parsed = parse_id(id)
        if parsed is None:
            raise NotFoundError("consumer")
        return Consumer.of(await info.context.use.consumers.remove(caller, parsed))
