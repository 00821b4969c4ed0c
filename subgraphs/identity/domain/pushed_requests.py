"""An authorization request that its client has pushed (RFC 9126): what stands for it in the browser, and for how long."""

from datetime import timedelta

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = timedelta(minutes=10)
"""Until the code is given: somebody has to sign in, and to read what they allow."""
_LONGEST = 100


def token_in(request_uri: str | None) -> str | None:
    """The token of a `request_uri` that identity made, None for any other."""
    if request_uri is None or not request_uri.startswith(PREFIX) or len(request_uri) > len(PREFIX) + _LONGEST:
        return None
    return request_uri.removeprefix(PREFIX)
