"""What identity's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import ServiceRequest
from common.auth import Caller
from subgraphs.identity.domain import User
from subgraphs.identity.service import Identity


@dataclass(frozen=True)
class Context:
    """Made for one request; `users` batches the look-ups of that request."""

    caller: Caller | None
    client_address: str | None
    identity: Identity
    users: DataLoader[UUID, User | None]

    @classmethod
    def of(cls, request: ServiceRequest, identity: Identity) -> "Context":
        async def load_users(ids: list[UUID]) -> list[User | None]:
            found = await identity.users(ids)
            return [found.get(id_) for id_ in ids]

        return cls(request.caller, request.client_address, identity, DataLoader(load_users))


Info: TypeAlias = strawberry.Info[Context, None]
