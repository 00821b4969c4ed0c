"""Who may steer the accounts of others: callers whose access token has the scope."""

from common.auth import Caller
from common.errors import ForbiddenError, UnauthenticatedError

ADMIN_SCOPE = "identity:admin"


def is_admin(caller: Caller | None) -> bool:
    return caller is not None and ADMIN_SCOPE in caller.scopes


def require_admin(caller: Caller | None) -> str:
    """The caller's id, if they may steer accounts. Raises UnauthenticatedError or ForbiddenError."""
    if caller is None:
        raise UnauthenticatedError
    if not is_admin(caller):
        raise ForbiddenError(f"The token lacks the scope {ADMIN_SCOPE}")
    return caller.subject
