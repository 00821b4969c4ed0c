"""What payments' resolvers find in `info.context`, and who may do what.

A user sees their own wallets and payments. Who has the scope `payments:write` sees and moves all.
"""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from common.errors import ForbiddenError
from common.live import Live
from subgraphs.payments.api.loaders import Loaders
from subgraphs.payments.service.services import Services

WRITE = "payments:write"


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    services: Services
    loaders: Loaders
    live: Live

    @classmethod
    def of(cls, request: ServiceRequest, services: Services, live: Live) -> "Context":
        caller_id = request.caller.subject if request.caller else None
        return cls(request.caller, services, Loaders(services, caller_id), live)

    @property
    def may_write(self) -> bool:
        return self.caller is not None and WRITE in self.caller.scopes

    def require_write(self) -> str:
        """The caller's id. Raises UnauthenticatedError without one, ForbiddenError for one without the scope."""
        caller_id = self.require_caller()
        if not self.may_write:
            raise ForbiddenError(f"This needs the scope {WRITE}")
        return caller_id

    def may_see(self, owner_id: str) -> bool:
        return self.may_write or self.is_caller(owner_id)


Info: TypeAlias = strawberry.Info[Context, None]
