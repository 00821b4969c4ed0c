"""What the tenants' resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import CallerContext, ServiceRequest
from common.app.loaders import by_key
from common.errors import ForbiddenError
from common.inputs import parse_id
from common.live import Live
from subgraphs.tenants.domain.consumers import Consumer
from subgraphs.tenants.domain.keys import ApiKey
from subgraphs.tenants.domain.plans import Plan
from subgraphs.tenants.domain.tenants import Acting
from subgraphs.tenants.errors import TenantNotFoundError
from subgraphs.tenants.service.use_cases import UseCases

ADMIN_SCOPE = "tenants:admin"
FOR_ADMINS = [[ADMIN_SCOPE]]


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; the loaders batch the look-ups of that request."""

    use: UseCases
    live: Live
    acting: DataLoader[UUID, Acting | None]
    plans: DataLoader[str, Plan | None]
    keys: DataLoader[UUID, ApiKey | None]
    consumers: DataLoader[UUID, Consumer | None]
    holders: DataLoader[UUID, Consumer | None]

    @classmethod
    def of(cls, request: ServiceRequest, use: UseCases, live: Live) -> "Context":
        async def acting(ids: list[UUID]) -> dict[UUID, Acting]:
            return await use.tenants.acting(request.caller.subject, ids) if request.caller else {}

        async def plans(_: list[str]) -> dict[str, Plan]:
            return {plan.name: plan for plan in await use.tenants.plans()}

        async def keys(ids: list[UUID]) -> dict[UUID, ApiKey]:
            return await use.keys.find(request.caller.subject, ids) if request.caller else {}

        async def consumers(ids: list[UUID]) -> dict[UUID, Consumer]:
            return await use.consumers.find(request.caller.subject, ids) if request.caller else {}

        async def holders(ids: list[UUID]) -> dict[UUID, Consumer]:
            return await use.consumers.holders(request.caller.subject, ids) if request.caller else {}

        return cls(
            request.caller,
            use,
            live,
            by_key(acting),
            by_key(plans),
            by_key(keys),
            by_key(consumers),
            by_key(holders),
        )

    def require_admin(self) -> str:
        """The caller's id, if it is one of the platform's administrators."""
        caller = self.require_caller()
        if self.caller is None or ADMIN_SCOPE not in self.caller.scopes:
            raise ForbiddenError(f"This needs the scope {ADMIN_SCOPE}")
        return caller


Info: TypeAlias = strawberry.Info[Context, None]


def parse_tenant_id(text: str) -> UUID:
    """The tenant's id. Raises TenantNotFoundError for what cannot be one."""
    parsed = parse_id(text)
    if parsed is None:
        raise TenantNotFoundError
    return parsed
