"""Verification of JWT access tokens (RFC 9068 section 4): what their header and claims must say, and that they still count."""

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, TypeGuard

from common.algorithms import SignatureAlgorithm
from common.auth import jws
from common.auth.caller import Caller
from common.auth.errors import InvalidToken, Reason
from common.auth.keys import Keys
from common.auth.revocation import Revocations, RevocationsStale, Standing

_ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_REMEMBERED = 4096


class _Verified(NamedTuple):
    caller: Caller
    kid: str
    expires_at: float
    standing: Standing | None


class TokenVerifier:
    """Accepts access tokens of any of `issuers` for any of `audiences`; None accepts all that the keys have signed.

    Clocks may differ by `leeway` seconds. A verified token is remembered until it expires or its key is gone, so
    that the same token costs one hash instead of one signature check. With `revocations` it counts until it is revoked.
    """

    def __init__(
        self,
        keys: Keys,
        issuers: Collection[str] | None,
        audiences: Collection[str] | None,
        algorithms: Sequence[SignatureAlgorithm] = ("ES256",),
        *,
        leeway: float = 30.0,
        revocations: Revocations | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuers = None if issuers is None else frozenset(issuers)
        self._audiences = None if audiences is None else frozenset(audiences)
        self._algorithms: frozenset[str] = frozenset(algorithms)
        self._leeway = leeway
        self._revocations = revocations
        self._now = now
        self._remembered: dict[bytes, _Verified] = {}

    async def authenticate(self, authorization: str | None) -> Caller | None:
        """The caller of an `Authorization` header; None without the header.

        Raises:
            InvalidToken: the header is there and holds no acceptable bearer token.
            KeysUnavailable: the issuer's keys were never reached.
        """
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken(Reason.MALFORMED)
        return await self.verify(token.strip())

    async def verify(self, token: str) -> Caller:
        """The caller of a token in compact serialization.

        Raises:
            InvalidToken: with the first reason for which the token does not count.
            KeysUnavailable: the issuer's keys were never reached.
            RevocationsStale: it may have been revoked, and that cannot be known for too long.
        """
        known = self.recall(token)
        if known is not None:
            return known
        verified = await self._verify(token)
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[_digest(token)] = verified
        return verified.caller

    def recall(self, token: str) -> Caller | None:
        """The caller of a token that was verified before and still counts."""
        known = self._remembered.get(_digest(token))
        if known and self._now() < known.expires_at and self._keys.holds(known.kid) and self._stands(known):
            return known.caller
        return None

    def _stands(self, verified: _Verified) -> bool:
        if self._revocations is None or verified.standing is None:
            return True
        try:
            self._revocations.check(verified.standing)
        except (InvalidToken, RevocationsStale):
            return False
        return True

    async def _verify(self, token: str) -> _Verified:
        signed = jws.parse(token)
        header = signed.headers()
        self._check_header(header)
        key = await self._keys.get(header["kid"])
        if key is None:
            raise InvalidToken(Reason.UNKNOWN_KEY)
        jws.verify(signed, key)
        claims = jws.parse_object(signed.payload)
        self._check_claims(claims)
        scopes = frozenset(str(claims.get("scope", "")).split())
        caller = Caller(subject=claims["sub"], scopes=scopes, claims=claims)
        standing = await self._standing(header["kid"], claims)
        return _Verified(caller, header["kid"], claims["exp"] + self._leeway, standing)

    async def _standing(self, kid: str, claims: dict[str, Any]) -> Standing | None:
        if self._revocations is None:
            return None
        await self._revocations.ready()
        standing = self._revocations.standing(kid, claims)
        self._revocations.check(standing)
        return standing

    def _check_header(self, header: dict[str, Any]) -> None:
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise InvalidToken(Reason.WRONG_ALGORITHM)
        if str(header.get("typ", "")).lower() not in _ACCESS_TOKEN_TYPES:
            raise InvalidToken(Reason.WRONG_TYPE)
        if not isinstance(header.get("kid"), str):
            raise InvalidToken(Reason.UNKNOWN_KEY)

    def _check_claims(self, claims: dict[str, Any]) -> None:
        if self._issuers is not None and not _names_any(claims.get("iss"), self._issuers):
            raise InvalidToken(Reason.WRONG_ISSUER)
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if self._audiences is not None and not any(_names_any(name, self._audiences) for name in named):
            raise InvalidToken(Reason.WRONG_AUDIENCE)
        expires, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(claims.get("sub"), str) or not _is_time(expires) or not _is_time(not_before):
            raise InvalidToken(Reason.MALFORMED)
        if not not_before - self._leeway <= self._now() < expires + self._leeway:
            raise InvalidToken(Reason.EXPIRED)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _names_any(claim: object, accepted: frozenset[str]) -> bool:
    return isinstance(claim, str) and claim in accepted


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
