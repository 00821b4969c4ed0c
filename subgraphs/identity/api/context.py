"""What identity's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import CallerContext, ServiceRequest
from common.app.loaders import ListLoader, by_key
from common.inputs import parse_id
from subgraphs.identity.access import is_admin, require_admin
from subgraphs.identity.domain.accounts import User
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.roles import Holding
from subgraphs.identity.domain.sessions import Session
from subgraphs.identity.errors import UnknownUserError
from subgraphs.identity.provider import Provider
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.step_up import Proof
from subgraphs.identity.services import Services


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; the loaders batch the look-ups of that request."""

    client_address: str | None
    identity: Identity
    services: Services
    users: DataLoader[UUID, User | None]
    holdings: DataLoader[UUID, Holding | None]
    provider: Provider
    session_by_id: DataLoader[UUID, Session | None]
    sessions: ListLoader[UUID, Session]

    @classmethod
    def of(
        cls, request: ServiceRequest, identity: Identity, services: Services, provider: Provider
    ) -> "Context":
        return cls(
            request.caller,
            request.client_address,
            identity,
            services,
            by_key(identity.users),
            by_key(services.roles.holdings),
            provider,
            by_key(provider.sessions.many),
            ListLoader(provider.sessions.of_users),
        )

    @property
    def origin(self) -> Origin:
        """Who asks, and from where."""
        return Origin(parse_id(self.caller.subject) if self.caller else None, self.client_address)

    def proof(self, password: str | None) -> Proof:
        """What the caller brings for a step-up; `auth_time` as in RFC 9068 section 2.2.1."""
        moment = self.caller.claims.get("auth_time") if self.caller else None
        return Proof(moment if isinstance(moment, int | float) else None, password, self.origin)

    def require_user(self) -> UUID:
        """The caller's id. Raises UnauthenticatedError; UnknownUserError for a caller who is no user."""
        id_ = parse_id(self.require_caller())
        if id_ is None:
            raise UnknownUserError
        return id_

    def require_admin(self) -> Origin:
        """Who asks, if they may steer the accounts of others."""
        require_admin(self.caller)
        return self.origin

    def may_see(self, user_id: str) -> bool:
        """Whether the caller may see what of an account is not for everyone."""
        return self.is_caller(user_id) or is_admin(self.caller)


Info: TypeAlias = strawberry.Info[Context, None]
