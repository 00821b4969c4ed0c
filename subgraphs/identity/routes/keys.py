"""Identity's HTTP doors: the public keys, for everyone who verifies its tokens."""

from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.signing_keys import SigningKeys

JWKS_MAX_AGE = 300  # seconds


def routes(keys: SigningKeys) -> list[HTTPRouteHandler]:
    """The route handlers over `keys`."""

    @get("/.well-known/jwks.json", media_type="application/jwk-set+json", summary="Signing keys (RFC 7517)")
    async def jwks() -> Response[dict[str, list[dict[str, Any]]]]:
        headers = {"cache-control": f"public, max-age={JWKS_MAX_AGE}"}
        return Response(
            {"keys": await keys.published()}, headers=headers, media_type="application/jwk-set+json"
        )

    return [jwks]
