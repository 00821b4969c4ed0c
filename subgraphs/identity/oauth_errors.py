"""The errors of OAuth 2.0 and OpenID Connect, by the names that their specifications give them."""

from common.errors import DomainError


class OAuthError(DomainError):
    """A refusal with an `error` of RFC 6749 sections 4.1.2.1 and 5.2, or of a specification that adds to them."""

    code = "OAUTH"

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class InvalidClientError(OAuthError):
    """Who asks is no client, or did not prove to be the one that it names (RFC 6749 section 5.2)."""

    status = 401

    def __init__(self, description: str = "The client is unknown, or its secret is wrong") -> None:
        super().__init__("invalid_client", description)


def invalid_request(description: str) -> OAuthError:
    """A parameter is missing, malformed or there twice."""
    return OAuthError("invalid_request", description)


def invalid_grant(description: str) -> OAuthError:
    """What was to be exchanged is used, too old, revoked or another client's."""
    return OAuthError("invalid_grant", description)


class UnsafeRequestError(DomainError):
    """An authorization request that names no client, or no place of the client's: it must not be redirected anywhere."""

    code = "UNSAFE_REQUEST"


class UnknownClientError(UnsafeRequestError):
    """It names no client that there is."""

    code = "UNKNOWN_CLIENT"
    status = 404

    def __init__(self) -> None:
        super().__init__("The application that sent you here is not known (client_id).")
