"""Who may use the doors: other services by the token that they share, and callers whose access token has the scope."""

import hmac

from common.auth import Caller, TokenVerifier
from common.errors import ForbiddenError, UnauthenticatedError
from common.settings import Secret

CHECK_SCOPE = "ratelimit:check"
WRITE_SCOPE = "ratelimit:write"


class Doorkeeper:
    """Admits by `Authorization: Bearer`, with the services' own `token` where one is set."""

    def __init__(self, token: Secret | None) -> None:
        self._header = f"Bearer {token.reveal()}".encode() if token else None

    async def admit(self, authorization: str | None, verifier: TokenVerifier) -> None:
        """Let the bearer decide.

        Raises:
            UnauthenticatedError, InvalidToken: there is no token, or one that does not count.
            ForbiddenError: it lacks the scope.
        """
        if authorization is None:
            raise UnauthenticatedError("Send the services' token, or an access token")
        if self._header and hmac.compare_digest(authorization.encode("latin-1"), self._header):
            return
        caller = await verifier.authenticate(authorization)
        if caller is None or CHECK_SCOPE not in caller.scopes:
            raise ForbiddenError(f"The token lacks the scope {CHECK_SCOPE}")


def require_write(caller: Caller | None) -> str:
    """The caller's id, if they may change policies. Raises UnauthenticatedError or ForbiddenError."""
    if caller is None:
        raise UnauthenticatedError
    if WRITE_SCOPE not in caller.scopes:
        raise ForbiddenError(f"The token lacks the scope {WRITE_SCOPE}")
    return caller.subject
