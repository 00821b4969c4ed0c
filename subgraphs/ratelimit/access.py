"""The scopes of the rate limiter: who may ask it, and who may change its policies."""

from common.auth import Caller
from common.errors import ForbiddenError, UnauthenticatedError

CHECK_SCOPE = "ratelimit:check"
WRITE_SCOPE = "ratelimit:write"


def require_write(caller: Caller | None) -> str:
    """The caller's id, if they may change policies. Raises UnauthenticatedError or ForbiddenError."""
    if caller is None:
        raise UnauthenticatedError
    if WRITE_SCOPE not in caller.scopes:
        raise ForbiddenError(f"The token lacks the scope {WRITE_SCOPE}")
    return caller.subject
