"""What a token becomes when it is exchanged for one that only a single service accepts (RFC 8693)."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from subgraphs.identity.oauth_errors import OAuthError

LIFETIME = 60  # seconds
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the type's name
MAX_ACTORS = 4
_AUDIENCE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_MADE_ANEW = ("aud", "iat", "nbf", "exp", "jti", "act", "scope")


def exchanged_claims(
    claims: Mapping[str, Any],
    *,
    audience: str,
    actor: str,
    now: float,
    scopes: Collection[str] | None = None,
    is_lasting: bool = False,
) -> dict[str, Any]:
    """The claims for `audience`: the same subject, session and rights, or fewer, for a minute and no longer than before.

    With `is_lasting` they last as long as before.

    `actor` is the client that will send it (`act`, section 4.1), those that sent it before stand inside. Of `claims`,
    which are verified, what a token is revoked by stays. The `jti` is for the caller to add.

    Raises:
        OAuthError: as section 2.2.2 names it; the audience cannot be one, the scopes are more, or too many have acted.
    """
    if not _AUDIENCE.fullmatch(audience):
        raise OAuthError("invalid_target", "audience must be the name of one service")
    if audience == claims.get("aud"):
        raise OAuthError("invalid_target", "The token is for this audience already")
    granted = str(claims.get("scope", "")).split()
    if scopes is not None and not set(scopes) <= set(granted):
        raise OAuthError("invalid_scope", "The scopes are more than the token's")
    kept = {name: value for name, value in claims.items() if name not in _MADE_ANEW}
    return {
        **kept,
        "aud": audience,
        "iat": now,
        "exp": int(claims["exp"]) if is_lasting else min(int(now) + LIFETIME, int(claims["exp"])),
        "scope": " ".join(granted if scopes is None else sorted(set(scopes))),
        "act": _actors(actor, claims.get("act")),
    }


def _actors(actor: str, before: object) -> dict[str, object]:
    depth, inner = 1, before
    while isinstance(inner, dict):
        depth, inner = depth + 1, inner.get("act")
    if depth > MAX_ACTORS:
        raise OAuthError("invalid_request", f"{MAX_ACTORS} have acted already")
    return {"sub": actor} | ({"act": before} if isinstance(before, dict) else {})
