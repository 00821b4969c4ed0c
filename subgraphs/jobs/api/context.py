"""What jobs' resolvers find in `info.context`, and who may do what.

A user's jobs are those of the tenant that has the user's id. Who has the scope `jobs:admin` sees and steers all.
"""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from common.errors import ForbiddenError
from common.live import Live
from subgraphs.jobs.api.loaders import Loaders
from subgraphs.jobs.domain import Job
from subgraphs.jobs.service import JobQueues

ADMIN = "jobs:admin"


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    queues: JobQueues
    loaders: Loaders
    live: Live

    @classmethod
    def of(cls, request: ServiceRequest, queues: JobQueues, live: Live) -> "Context":
        return cls(request.caller, queues, Loaders(queues), live)

    @property
    def is_admin(self) -> bool:
        return self.caller is not None and ADMIN in self.caller.scopes

    def require_admin(self) -> None:
        """Raises UnauthenticatedError without a caller, ForbiddenError for one without the scope."""
        self.require_caller()
        if not self.is_admin:
            raise ForbiddenError(f"This needs the scope {ADMIN}")

    def may_see(self, job: Job) -> bool:
        return self.is_admin or self.is_caller(job.tenant)


Info: TypeAlias = strawberry.Info[Context, None]
