"""Security events in the graph: one's own beneath `User`, everyone's for admins."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
import strawberry.federation

from common.app.values import PageInfo
from common.errors import ForbiddenError
from common.inputs import InvalidInputError, parse_id
from subgraphs.identity.access import ADMIN_SCOPE, is_admin
from subgraphs.identity.api.context import Context, Info
from subgraphs.identity.domain import audit as domain

SecurityEventKind: Any = strawberry.enum(domain.EventKind, name="SecurityEventKind")
SecurityEventOutcome: Any = strawberry.enum(domain.Outcome, name="SecurityEventOutcome")


@strawberry.type
class SecurityEventDetail:
    name: str
    value: str


@strawberry.type(description="Something that happened to an account; kept for a year.")
class SecurityEvent:
    id: strawberry.ID
    at: datetime
    kind: SecurityEventKind
    outcome: SecurityEventOutcome
    user_id: strawberry.ID | None = strawberry.field(description="Whose account; null where none was found.")
    actor_id: strawberry.ID | None = strawberry.field(
        description="Who did it; null when nobody was signed in."
    )
    client_address: str | None
    details: list[SecurityEventDetail]

    @classmethod
    def of(cls, event: domain.SecurityEvent) -> "SecurityEvent":
        details = [SecurityEventDetail(name=name, value=value) for name, value in event.details.items()]
        return cls(
            id=strawberry.ID(str(event.id)),
            at=event.at,
            kind=event.kind,
            outcome=event.outcome,
            user_id=strawberry.ID(str(event.user_id)) if event.user_id else None,
            actor_id=strawberry.ID(str(event.actor_id)) if event.actor_id else None,
            client_address=event.client_address,
            details=details,
        )


@strawberry.type
class SecurityEventEdge:
    cursor: str
    node: SecurityEvent


@strawberry.type(description="A page of security events, newest first.")
class SecurityEventConnection:
    edges: list[SecurityEventEdge]
    page_info: PageInfo

    @classmethod
    def of(cls, page: domain.EventPage) -> "SecurityEventConnection":
        edges = [
            SecurityEventEdge(cursor=str(event.id), node=SecurityEvent.of(event)) for event in page.events
        ]
        end_cursor = edges[-1].cursor if edges else None
        return cls(edges=edges, page_info=PageInfo(has_next_page=page.has_next, end_cursor=end_cursor))


@strawberry.type
class AuditQueries:
    @strawberry.federation.field(
        description="What happened to all accounts, or to that of one user.", requires_scopes=[[ADMIN_SCOPE]]
    )
    async def security_events(
        self, info: Info, first: int = 20, after: str | None = None, user_id: strawberry.ID | None = None
    ) -> SecurityEventConnection:
        info.context.require_admin()
        id_ = None if user_id is None else parse_id(user_id)
        if user_id is not None and id_ is None:
            return SecurityEventConnection.of(domain.EventPage([], has_next=False))
        return SecurityEventConnection.of(await info.context.services.audit.page(id_, first, after))


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="What happens to the caller's account, as it happens. Who has the scope `identity:admin` follows the account "
        "of `userId`, or all. `after` is the id of the last event that was seen: those since then come first."
    )
    async def security_events(
        self, info: Info, user_id: strawberry.ID | None = None, after: strawberry.ID | None = None
    ) -> AsyncGenerator[SecurityEvent, None]:
        followed = info.context.services.audit.follow(_whose(info.context, user_id), after)
        async with aclosing(followed):
            async for event in followed:
                yield SecurityEvent.of(event)


def _whose(context: Context, user_id: str | None) -> UUID | None:
    """Whose events the caller follows by asking for those of `user_id`; None for all."""
    if user_id is None:
        return None if is_admin(context.caller) else context.require_user()
    context.require_caller()
    if not context.may_see(user_id):
        raise ForbiddenError("Only the user and admins may see this")
    id_ = parse_id(user_id)
    if id_ is None:
        raise InvalidInputError("userId", "is no user's id")
    return id_
