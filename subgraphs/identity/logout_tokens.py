"""Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4): what a client is told of a session that has ended."""

import time

from joserfc import jwt

from subgraphs.identity.domain.logout_notices import EVENT, Notice
from subgraphs.identity.id_tokens import ALGORITHM
from subgraphs.identity.signing_keys import SigningKeys

LIFETIME = 120  # seconds
TYPE = "logout+jwt"


class LogoutTokens:
    """Signed as ID tokens are, and told from them by their type."""

    def __init__(self, keys: SigningKeys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    async def issue(self, notice: Notice) -> str:
        """The token; its `jti` is the same each time, so that a client can tell what it was told before."""
        kid, key = await self._keys.signer(ALGORITHM)
        now = int(time.time())
        payload = {
            "iss": self._issuer,
            "sub": str(notice.user_id),
            "aud": notice.client_id,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": str(notice.id),
            "sid": str(notice.session_id),
            "events": {EVENT: {}},
        }
        return jwt.encode({"typ": TYPE, "alg": ALGORITHM, "kid": kid}, payload, key, algorithms=[ALGORITHM])
