"""Access tokens: signed JSON Web Tokens by RFC 9068."""

import secrets
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import UUID

from joserfc import jwt
from msgspec import Struct

from subgraphs.identity.domain.keys import Algorithm
from subgraphs.identity.signing_keys import SigningKeys

LIFETIME = 600  # seconds
CLIENT_ID = "hansa"  # everyone signs in through the platform's own client until others can be registered


class AccessToken(Struct, frozen=True):
    """A token in compact serialization and the moment from which it is refused."""

    text: str
    expires_at: datetime


class AccessTokens:
    """Issues tokens of one issuer for one audience."""

    def __init__(self, keys: SigningKeys, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def issue(
        self, subject: UUID, *, scopes: Collection[str], claims: Mapping[str, object]
    ) -> AccessToken:
        """A token for `subject` that is good for ten minutes (RFC 9068 section 2.2), with `claims` besides."""
        kid, key = await self._keys.signer()
        issued_at = int(time.time())
        expires = issued_at + LIFETIME
        standard = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(subject),
            "iat": issued_at,
            "exp": expires,
            "jti": secrets.token_urlsafe(16),
            "client_id": CLIENT_ID,
            "scope": " ".join(sorted(scopes)),
        }
        header = {"typ": "at+jwt", "alg": Algorithm.ES256.value, "kid": kid}
        text = jwt.encode(header, {**claims, **standard}, key, algorithms=[Algorithm.ES256])
        return AccessToken(text, datetime.fromtimestamp(expires, UTC))
