"""Why no token can be judged."""

from common.errors import DomainError


class RevocationsStale(DomainError):  # noqa: N818 - a state of the verifier, not a mistake of the client
    """Nothing was heard of revocations for longer than the token may be accepted without."""

    code = "REVOCATIONS_STALE"
    status = 503

    def __init__(self) -> None:
        super().__init__("Whether the access token was revoked cannot be known now")
