"""Who may use a service's doors: other services by a token that they share, and callers whose access token has the scope."""

import hmac

from common.auth import TokenVerifier
from common.errors import ForbiddenError, UnauthenticatedError
from common.settings import Secret


class Doorkeeper:
    """Admits by `Authorization: Bearer`, with the services' own `token` where one is set, or an access token with `scope`."""

    def __init__(self, token: Secret | None, scope: str) -> None:
        self._header = f"Bearer {token.reveal()}".encode() if token else None
        self._scope = scope

    async def admit(self, authorization: str | None, verifier: TokenVerifier) -> None:
        """Let the bearer in.

        Raises:
            UnauthenticatedError, InvalidToken: there is no token, or one that does not count.
            ForbiddenError: it lacks the scope.
        """
        if authorization is None:
            raise UnauthenticatedError("Send the services' token, or an access token")
        if self._header and hmac.compare_digest(authorization.encode("latin-1"), self._header):
            return
        caller = await verifier.authenticate(authorization)
        if caller is None or self._scope not in caller.scopes:
            raise ForbiddenError(f"The token lacks the scope {self._scope}")
