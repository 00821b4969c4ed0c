"""Telling a client that a session has ended (OpenID Connect Back-Channel Logout 1.0): what is said, and how often it is tried."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_ATTEMPTS = 12  # the last an hour and a half after the first
LEASE = timedelta(seconds=30)  # for one attempt; longer than it may take
TIMEOUT = 5.0  # seconds
_LONGEST_DELAY = timedelta(minutes=15)


class Notice(Struct, frozen=True, kw_only=True):
    """That the session has ended, for a client that knew of it; its `id` is the same at each attempt."""

    id: UUID
    client_id: str
    user_id: UUID
    session_id: UUID
    attempts: int


def delay_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that failed; None when there is to be no other."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return min(timedelta(seconds=5 << (attempts - 1)), _LONGEST_DELAY)
