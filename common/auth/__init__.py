"""Who calls: verification of identity's access tokens, the same in the router and in every service."""

from common.auth.caller import Caller, lifetime
from common.auth.errors import InvalidToken, KeysUnavailable, Reason
from common.auth.keys import Keys, KeySet
from common.auth.revocation import Revocations, RevocationsStale, StalePolicy
from common.auth.verifier import TokenVerifier

__all__ = [
    "Caller",
    "InvalidToken",
    "KeySet",
    "Keys",
    "KeysUnavailable",
    "Reason",
    "Revocations",
    "RevocationsStale",
    "StalePolicy",
    "TokenVerifier",
    "lifetime",
]
