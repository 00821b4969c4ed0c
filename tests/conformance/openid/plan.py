"""The modules of `oidcc-basic-certification-test-plan`, in its order, which modules do not apply, and where the providers differ.

The plan is the OpenID Foundation's suite's as of July 2026, for a client that was registered by hand (`client_registration=static_client`).
"""

from collections.abc import Mapping

from msgspec import Struct

MODULES = (
    "oidcc-server",
    "oidcc-response-type-missing",
    "oidcc-idtoken-signature",
    "oidcc-idtoken-unsigned",
    "oidcc-userinfo-get",
    "oidcc-userinfo-post-header",
    "oidcc-userinfo-post-body",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-alternate-happy-flow",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
)

_BY_REGISTRATION = "the suite leaves it out for a client that did not register itself (RFC 7591), which "
NOT_APPLICABLE: Mapping[str, str] = {
    "oidcc-idtoken-signature": f"{_BY_REGISTRATION}would ask for RS256; oidcc-server sees it",
    "oidcc-idtoken-unsigned": f"{_BY_REGISTRATION}would ask for ID tokens that nobody signed",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported": (
        f"{_BY_REGISTRATION}would name its request_uris"
    ),
}


class Difference(Struct, frozen=True):
    """What each of the providers does, and what the specification and the suite say to that."""

    module: str
    identity: str
    oidc_provider: str
    specification: str


DIFFERENCES = (
    Difference(
        "every module",
        "invalid_request",
        "code",
        "The suite's requests have no PKCE but for one module, and such a request is refused by identity: RFC 9700 section 2.1.1 has a"
        " server support PKCE, and OAuth 2.1 demand it. These modules send it always; the suite itself would have to.",
    ),
    Difference(
        "oidcc-scope-address",
        "",
        "address",
        "Optional (Core section 5.4): the suite skips the module where scopes_supported has no address, as for identity.",
    ),
    Difference(
        "oidcc-scope-phone",
        "",
        "phone_number phone_number_verified",
        "As for address.",
    ),
    Difference(
        "oidcc-scope-all",
        "email email_verified name updated_at",
        "address email email_verified name phone_number phone_number_verified updated_at",
        "As for address.",
    ),
    Difference(
        "oidcc-ensure-registered-redirect-uri",
        "This does not work",
        "oops! something went wrong",
        "A page of the provider's own (RFC 6749 section 4.1.2.1), by any title.",
    ),
    Difference(
        "oidcc-refresh-token",
        "",
        "a nonce",
        "The nonce of an ID token that a refresh gave: it should have none (Core section 12.2), and if it has one, the first one's.",
    ),
    Difference(
        "oidcc-ensure-request-with-acr-values-succeeds",
        "",
        "",
        "Neither tells an acr; the suite warns (Core section 3.1.2.1 has it as voluntary).",
    ),
)
"""Compared with what the providers do; the last is what both do not."""


def difference(module: str, provider: str) -> str:
    """What the table has of a provider in a module."""
    (row,) = (row for row in DIFFERENCES if row.module == module)
    return row.identity if provider == "identity" else row.oidc_provider
