"""Outgoing webhooks in the graph, for operators: endpoints, their secrets, and what became of each delivery."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import RequiresScopes

from common.app.values import InvalidInput
from common.inputs import InvalidInputError, parse_id
from subgraphs.payments.api.context import WRITE, Info
from subgraphs.payments.domain import webhooks as domain
from subgraphs.payments.domain.webhooks import DeliveryState
from subgraphs.payments.service.webhooks import IssuedSecret

OPERATORS = RequiresScopes(scopes=[[WRITE]])

strawberry.enum(
    DeliveryState,
    name="WebhookDeliveryState",
    description="PENDING is tried for more than three days; DEAD was given up, and can be replayed.",
)


@strawberry.type(description="One event on its way to one endpoint.")
class WebhookDelivery:
    id: strawberry.ID
    message_id: str = strawberry.field(description="The header `webhook-id`.")
    type: str
    object_id: strawberry.ID = strawberry.field(description="What it is about; its events are told in order.")
    state: DeliveryState
    attempts: int
    next_at: datetime = strawberry.field(description="When it is tried next, while it is PENDING.")
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, delivery: domain.WebhookDelivery) -> "WebhookDelivery":
        return cls(
            id=strawberry.ID(str(delivery.id)),
            message_id=delivery.message_id,
            type=delivery.type,
            object_id=strawberry.ID(str(delivery.object_id)),
            state=delivery.state,
            attempts=delivery.attempts,
            next_at=delivery.next_at,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
        )


@strawberry.type(description="Where events are told, signed by Standard Webhooks.")
class WebhookEndpoint:
    id: strawberry.ID
    url: str
    is_enabled: bool
    created_at: datetime

    @strawberry.field(description="The newest deliveries first.")
    async def deliveries(
        self, info: Info, state: DeliveryState | None = None, first: int = 20
    ) -> list[WebhookDelivery]:
        found = await info.context.services.webhooks.list_deliveries(UUID(self.id), state, first)
        return [WebhookDelivery.of(delivery) for delivery in found]

    @classmethod
    def of(cls, endpoint: domain.WebhookEndpoint) -> "WebhookEndpoint":
        return cls(
            id=strawberry.ID(str(endpoint.id)),
            url=endpoint.url,
            is_enabled=endpoint.is_enabled,
            created_at=endpoint.created_at,
        )


@strawberry.type(description="An endpoint and its secret, which is shown this once.")
class WebhookSecret:
    endpoint: WebhookEndpoint
    secret: str

    @classmethod
    def of(cls, issued: IssuedSecret) -> "WebhookSecret":
        return cls(endpoint=WebhookEndpoint.of(issued.endpoint), secret=issued.secret)


AddWebhookEndpointResult: TypeAlias = Annotated[
    WebhookSecret | InvalidInput, strawberry.union("AddWebhookEndpointResult")
]


@strawberry.type
class WebhookQuery:
    @strawberry.field(description="All endpoints of webhooks.", directives=[OPERATORS])
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint]:
        info.context.require_write()
        return [
            WebhookEndpoint.of(endpoint) for endpoint in await info.context.services.webhooks.list_endpoints()
        ]


@strawberry.type
class WebhookMutation:
    @strawberry.mutation(description="Tell `url` of events from now on.", directives=[OPERATORS])
    async def add_webhook_endpoint(self, info: Info, url: str) -> AddWebhookEndpointResult:
        info.context.require_write()
        try:
            return WebhookSecret.of(await info.context.services.webhooks.add(url))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)

    @strawberry.mutation(
        description="Give the endpoint another secret; the old one signs beside it for a day. Null when there is none.",
        directives=[OPERATORS],
    )
    async def rotate_webhook_secret(self, info: Info, id: strawberry.ID) -> WebhookSecret | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_write()
        parsed = parse_id(id)
        rotated = await info.context.services.webhooks.rotate(parsed) if parsed else None
        return WebhookSecret.of(rotated) if rotated else None

    @strawberry.mutation(
        description="Whether the endpoint is told what happens from now on. Null when there is none.",
        directives=[OPERATORS],
    )
    async def enable_webhook_endpoint(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        is_enabled: bool = True,  # noqa: FBT001, FBT002 - an argument of the schema
    ) -> WebhookEndpoint | None:
        info.context.require_write()
        parsed = parse_id(id)
        changed = (
            await info.context.services.webhooks.enable(parsed, is_enabled=is_enabled) if parsed else None
        )
        return WebhookEndpoint.of(changed) if changed else None

    @strawberry.mutation(
        description="Remove the endpoint with its deliveries; false when there is none of that id.",
        directives=[OPERATORS],
    )
    async def remove_webhook_endpoint(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        info.context.require_write()
        parsed = parse_id(id)
        return parsed is not None and await info.context.services.webhooks.remove(parsed)

    @strawberry.mutation(
        description="Deliver once more what was delivered, or is DEAD; false when there is none of that id.",
        directives=[OPERATORS],
    )
    async def replay_webhook_delivery(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        info.context.require_write()
        return id.isdecimal() and len(id) < 19 and await info.context.services.webhooks.replay(int(id))
