"""What the resolvers of every service find in `info.context`."""

from dataclasses import dataclass

from common.auth import Caller
from common.errors import UnauthenticatedError


@dataclass(frozen=True)
class CallerContext:
    """The base of a service's own context, made for one request; without a token `caller` is None."""

    caller: Caller | None

    def is_caller(self, user_id: str) -> bool:
        return self.caller is not None and self.caller.subject == user_id

    def require_caller(self) -> str:
        """The caller's user id. Raises UnauthenticatedError when nobody is signed in."""
        if self.caller is None:
            raise UnauthenticatedError
        return self.caller.subject
