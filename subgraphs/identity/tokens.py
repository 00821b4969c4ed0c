"""Access tokens: signed JSON Web Tokens by RFC 9068."""

import secrets
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from joserfc import jwt
from msgspec import Struct

from subgraphs.identity.domain.keys import Algorithm
from subgraphs.identity.signing_keys import SigningKeys

LIFETIME = 600  # seconds
ACCESS_TOKENS_OVER = timedelta(seconds=LIFETIME + 60)
"""After so long no access token that was issued until now is accepted anywhere."""
PLATFORM_CLIENT = "hansa"
"""The platform's own client: the console, and who signs in through the graph."""


class AccessToken(Struct, frozen=True):
    """A token in compact serialization and the moment from which it is refused."""

    text: str
    expires_at: datetime


class AccessTokens:
    """Issues tokens of one issuer, for `audience` unless another is named."""

    def __init__(self, keys: SigningKeys, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def issue(
        self,
        subject: str,
        *,
        client_id: str,
        scopes: Collection[str],
        audience: str | None = None,
        session_id: UUID | None = None,
        claims: Mapping[str, object] | None = None,
    ) -> AccessToken:
        """A token that is good for ten minutes (RFC 9068 section 2.2).

        Args:
            subject: a user's id, or the client's own where no user is behind it.
            client_id: who asked for it.
            scopes: what it allows.
            audience: whom it is for.
            session_id: the browser session that it came from, its `sid`; when that ends, it is revoked.
            claims: others: `auth_time` and `amr` (section 2.2.1), `roles` (section 2.2.3.1).
        """
        kid, key = await self._keys.signer()
        # To the millisecond: of those of one second, only the ones before a revocation end with it.
        issued_at = round(time.time(), 3)
        expires = int(issued_at) + LIFETIME
        payload = {
            "iss": self._issuer,
            "aud": audience or self._audience,
            "sub": subject,
            "iat": issued_at,
            "exp": expires,
            "jti": secrets.token_urlsafe(16),
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            **({"sid": str(session_id)} if session_id else {}),
            **(claims or {}),
        }
        header = {"typ": "at+jwt", "alg": Algorithm.ES256.value, "kid": kid}
        text = jwt.encode(header, payload, key, algorithms=[Algorithm.ES256])
        return AccessToken(text, datetime.fromtimestamp(expires, UTC))
