"""Which tokens count no longer although they have not expired: identity's feed of revocations, followed by every verifier."""

from common.auth.revocation.errors import RevocationsStale
from common.auth.revocation.feed import Cursor, Entry, FeedPage, Kind, RegionPage, mark
from common.auth.revocation.policy import StalePolicy
from common.auth.revocation.revocations import Revocations, Standing

__all__ = [
    "Cursor",
    "Entry",
    "FeedPage",
    "Kind",
    "RegionPage",
    "Revocations",
    "RevocationsStale",
    "StalePolicy",
    "Standing",
    "mark",
]
