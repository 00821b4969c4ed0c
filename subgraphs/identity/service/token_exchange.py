"""Exchanging an access token for one of a single service (RFC 8693), for clients that may, as the router."""

import secrets
import time
from collections.abc import Collection

from joserfc import jwt
from msgspec import Struct

from common.auth import InvalidToken, TokenVerifier
from subgraphs.identity.domain.keys import Algorithm
from subgraphs.identity.domain.token_exchange import ACCESS_TOKEN_TYPE, exchanged_claims
from subgraphs.identity.oauth_errors import invalid_request
from subgraphs.identity.signing_keys import SigningKeys


class ExchangedToken(Struct, frozen=True, kw_only=True):
    """The answer of section 2.2.1; `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    scope: str
    issued_token_type: str = ACCESS_TOKEN_TYPE
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's name


class TokenExchange:
    """Signs by the keys of this region what it has verified as any service does, revocations too."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    async def exchange(
        self,
        verifier: TokenVerifier,
        subject_token: str,
        *,
        audience: str,
        actor: str,
        scopes: Collection[str] | None = None,
        is_lasting: bool = False,
    ) -> ExchangedToken:
        """A token for `audience`, which `actor`, an authenticated client, will send.

        Raises:
            OAuthError: the token does not count, or what is wanted is more than it allows.
            KeysUnavailable, RevocationsStale: the token cannot be judged now.
        """
        try:
            caller = await verifier.verify(subject_token)
        except InvalidToken as refusal:
            raise invalid_request(refusal.message) from refusal
        now = round(time.time(), 3)  # to the millisecond, as all access tokens
        claims = exchanged_claims(
            caller.claims, audience=audience, actor=actor, now=now, scopes=scopes, is_lasting=is_lasting
        )
        kid, key = await self._keys.signer()
        header = {"typ": "at+jwt", "alg": Algorithm.ES256.value, "kid": kid}
        signed = {**claims, "jti": secrets.token_urlsafe(16)}
        text = jwt.encode(header, signed, key, algorithms=[Algorithm.ES256])
        return ExchangedToken(access_token=text, expires_in=claims["exp"] - int(now), scope=claims["scope"])
