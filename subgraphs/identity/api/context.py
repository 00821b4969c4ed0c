"""What identity's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import CallerContext, ServiceRequest
from common.app.loaders import by_key
from subgraphs.identity.domain.accounts import User
from subgraphs.identity.service.accounts import Identity


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `users` batches the look-ups of that request."""

    client_address: str | None
    identity: Identity
    users: DataLoader[UUID, User | None]

    @classmethod
    def of(cls, request: ServiceRequest, identity: Identity) -> "Context":
        return cls(request.caller, request.client_address, identity, by_key(identity.users))


Info: TypeAlias = strawberry.Info[Context, None]
