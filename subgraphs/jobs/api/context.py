"""What jobs' resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from common.auth import Caller
from common.errors import ForbiddenError, UnauthenticatedError
from common.live import Live
from subgraphs.jobs.access import ADMIN, is_admin, may_see
from subgraphs.jobs.api.loaders import Loaders
from subgraphs.jobs.domain.jobs import Job
from subgraphs.jobs.service.services import Services

FOR_ADMINS = [[ADMIN]]


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    services: Services
    loaders: Loaders
    live: Live

    @classmethod
    def of(cls, request: ServiceRequest, services: Services, live: Live) -> "Context":
        return cls(request.caller, services, Loaders(services), live)

    @property
    def is_admin(self) -> bool:
        return is_admin(self.caller)

    @property
    def signed_in(self) -> Caller:
        """Raises UnauthenticatedError without a caller."""
        if self.caller is None:
            raise UnauthenticatedError
        return self.caller

    def require_admin(self) -> None:
        """Raises UnauthenticatedError without a caller, ForbiddenError for one without the scope."""
        self.require_caller()
        if not self.is_admin:
            raise ForbiddenError(f"This needs the scope {ADMIN}")

    def may_see(self, job: Job) -> bool:
        return may_see(self.caller, job)


Info: TypeAlias = strawberry.Info[Context, None]
