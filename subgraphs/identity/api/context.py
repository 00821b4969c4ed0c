"""What identity's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import CallerContext, ServiceRequest
from common.app.loaders import by_key
from common.inputs import parse_id
from subgraphs.identity.access import is_admin, require_admin
from subgraphs.identity.domain.accounts import User
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.roles import Holding
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.audit import AuditLog
from subgraphs.identity.service.roles import Roles


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; the loaders batch the look-ups of that request."""

    client_address: str | None
    identity: Identity
    users: DataLoader[UUID, User | None]
    roles: Roles
    holdings: DataLoader[UUID, Holding | None]
    audit: AuditLog

    @classmethod
    def of(cls, request: ServiceRequest, identity: Identity, roles: Roles, audit: AuditLog) -> "Context":
        return cls(
            request.caller,
            request.client_address,
            identity,
            by_key(identity.users),
            roles,
            by_key(roles.holdings),
            audit,
        )

    @property
    def origin(self) -> Origin:
        """Who asks, and from where."""
        return Origin(parse_id(self.caller.subject) if self.caller else None, self.client_address)

    def require_admin(self) -> Origin:
        """Who asks, if they may steer the accounts of others."""
        require_admin(self.caller)
        return self.origin

    def may_see(self, user_id: str) -> bool:
        """Whether the caller may see what of an account is not for everyone."""
        return self.is_caller(user_id) or is_admin(self.caller)


Info: TypeAlias = strawberry.Info[Context, None]
