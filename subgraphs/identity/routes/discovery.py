"""What clients read to learn how to use the provider (OpenID Connect Discovery section 3, RFC 8414)."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity import id_tokens
from subgraphs.identity.domain.authorization import CLAIMS, Prompt
from subgraphs.identity.domain.clients import STANDARD_SCOPES, GrantType
from subgraphs.identity.routes.client_authentication import METHODS
from subgraphs.identity.site import Site

MAX_AGE = 300  # seconds
_CONFIDENTIAL = [method for method in METHODS if method != "none"]


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The route handlers of the documents, which are one and the same."""
    document = metadata(site)

    async def metadata_document() -> Response[Mapping[str, Any]]:
        return Response(document, headers={"cache-control": f"public, max-age={MAX_AGE}"})

    return [
        get("/.well-known/openid-configuration", summary="OpenID Connect Discovery")(metadata_document),
        get("/.well-known/oauth-authorization-server", summary="RFC 8414")(metadata_document),
    ]


def metadata(site: Site) -> Mapping[str, Any]:
    """The provider's metadata."""
    endpoints = {
        "authorization_endpoint": "/oauth/authorize",
        "pushed_authorization_request_endpoint": "/oauth/par",
        "token_endpoint": "/oauth/token",
        "userinfo_endpoint": "/oauth/userinfo",
        "introspection_endpoint": "/oauth/introspect",
        "revocation_endpoint": "/oauth/revoke",
        "device_authorization_endpoint": "/oauth/device_authorization",
        "end_session_endpoint": "/oauth/logout",
        "jwks_uri": "/.well-known/jwks.json",
    }
    return {
        "issuer": site.issuer,
        **{name: site.url(path) for name, path in endpoints.items()},
        "scopes_supported": [*STANDARD_SCOPES, "graph"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant_type.value for grant_type in GrantType],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [id_tokens.ALGORITHM],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "introspection_endpoint_auth_methods_supported": _CONFIDENTIAL,
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "amr",
            "sid",
            *sorted(CLAIMS),
        ],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "prompt_values_supported": [prompt.value for prompt in Prompt],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["en"],
    }
