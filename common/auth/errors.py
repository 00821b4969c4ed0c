"""Why a token is refused, and the HTTP answer that says so (RFC 6750 section 3)."""

from enum import Enum

import msgspec

from common.errors import DomainError


class Reason(Enum):
    """The first check that the token failed; the value is the sentence shown to the client."""

    MALFORMED = "The access token is not a JSON Web Token"
    EXPIRED = "The access token has expired or is not valid yet"
    WRONG_AUDIENCE = "The access token is for another audience"
    WRONG_ISSUER = "The access token is from another issuer"
    WRONG_ALGORITHM = "The access token is signed with an algorithm that is not accepted"
    BAD_SIGNATURE = "The access token's signature is wrong"
    UNKNOWN_KEY = "The access token is signed with an unknown key"
    WRONG_TYPE = "The token is not an access token"
    REVOKED = "The access token was revoked"


class InvalidToken(DomainError):  # noqa: N818 - RFC 6750 names the error invalid_token
    """The request brought a token that does not count; the request is refused, not made anonymous."""

    code = "UNAUTHENTICATED"
    status = 401

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value, reason=reason.name)
        self.reason = reason

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of the 401 answer."""
        challenge = f'Bearer error="invalid_token", error_description="{self.message}"'
        return (("content-type", "application/json"), ("www-authenticate", challenge))

    def body(self) -> bytes:
        """The 401 answer as a GraphQL response with no data."""
        extensions = {"code": self.code, **self.extensions}
        return msgspec.json.encode({"errors": [{"message": self.message, "extensions": extensions}]})


class KeysUnavailable(DomainError):  # noqa: N818 - a state of the issuer, not a mistake of the client
    """No signing key could be fetched yet, so that no token can be judged."""

    code = "KEYS_UNAVAILABLE"
    status = 503

    def __init__(self) -> None:
        super().__init__("The issuer's signing keys cannot be fetched")
