"""What inventory's resolvers find in `info.context`, and who may do what.

The scope `inventory:read` lets someone know how many pieces there are, `inventory:write` lets them move some.
"""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from common.errors import ForbiddenError
from common.live import Live
from subgraphs.inventory.api.loaders import Loaders
from subgraphs.inventory.service.services import Services

READ, WRITE = "inventory:read", "inventory:write"
READ_SCOPES = [[READ], [WRITE]]
WRITE_SCOPES = [[WRITE]]


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    services: Services
    live: Live
    loaders: Loaders

    @classmethod
    def of(cls, request: ServiceRequest, services: Services, live: Live) -> "Context":
        return cls(request.caller, services, live, Loaders(services))

    def require_reader(self) -> None:
        """Raises UnauthenticatedError without a caller, ForbiddenError for one with no scope of inventory."""
        self.require_caller()
        assert self.caller is not None, "it was required"
        if not self.caller.scopes & {READ, WRITE}:
            raise ForbiddenError(f"This needs the scope {READ}")

    def require_writer(self) -> str:
        """The caller's id. Raises UnauthenticatedError without a caller, ForbiddenError for one without the scope."""
        caller_id = self.require_caller()
        assert self.caller is not None, "it was required"
        if WRITE not in self.caller.scopes:
            raise ForbiddenError(f"This needs the scope {WRITE}")
        return caller_id


Info: TypeAlias = strawberry.Info[Context, None]
