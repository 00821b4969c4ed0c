"""Whose jobs are whose, and who may steer those of others: callers whose access token has the scope."""

from common.auth import Caller
from subgraphs.jobs.domain.jobs import Job

ADMIN = "jobs:admin"


def is_admin(caller: Caller | None) -> bool:
    return caller is not None and ADMIN in caller.scopes


def may_see(caller: Caller | None, job: Job) -> bool:
    """A user's jobs are those of the tenant that has the user's id; who has the scope `jobs:admin` sees all."""
    return caller is not None and (is_admin(caller) or job.tenant == caller.subject)
