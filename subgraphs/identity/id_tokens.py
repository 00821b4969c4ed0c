"""ID tokens (OpenID Connect Core section 2): what a client is told of who signed in."""

import base64
import hashlib
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from subgraphs.identity.domain.grants import Grant
from subgraphs.identity.signing_keys import SigningKeys

ALGORITHM = "RS256"
"""The one that every client knows (OpenID Connect Discovery section 3)."""
LIFETIME = 600  # seconds
_MAX_LENGTH = 8192


class IdTokens:
    """Issues the ID tokens of one issuer, and reads those that come back as hints."""

    def __init__(self, keys: SigningKeys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    async def issue(
        self,
        grant: Grant,
        access_token: str,
        *,
        session_id: UUID | None,
        nonce: str | None = None,
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """The ID token that goes with `access_token`; `claims` are those that were asked for by name."""
        kid, key = await self._keys.signer(ALGORITHM)
        now = int(time.time())
        payload: dict[str, Any] = {
            **(claims or {}),
            "iss": self._issuer,
            "sub": str(grant.user_id),
            "aud": grant.client_id,
            "iat": now,
            "exp": now + LIFETIME,
            "auth_time": int(grant.authenticated_at.timestamp()),
            "amr": grant.amr,
            "at_hash": _half_hash(access_token),
        }
        if nonce is not None:
            payload["nonce"] = nonce
        if session_id is not None:
            payload["sid"] = str(session_id)
        return jwt.encode({"typ": "JWT", "alg": ALGORITHM, "kid": kid}, payload, key, algorithms=[ALGORITHM])

    async def read_hint(self, token: str) -> Mapping[str, Any] | None:
        """The claims of an ID token of ours, however old; None when it is none, or its key is gone."""
        try:
            if len(token) > _MAX_LENGTH:
                return None
            header = jws.extract_compact(token.encode()).headers()
            keys = {key["kid"]: key for key in await self._keys.published() if key["alg"] == ALGORITHM}
            decoded = jwt.decode(token, import_key(keys[header["kid"]]), algorithms=[ALGORITHM])
        except (JoseError, ValueError, LookupError, TypeError):
            return None
        if decoded.header.get("typ") != "JWT" or decoded.claims.get("iss") != self._issuer:
            return None
        return decoded.claims


def _half_hash(access_token: str) -> str:
    """`at_hash`: the left half of the SHA-256 (section 3.1.3.6)."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
