"""What is proved by a token that was mailed, and for how long."""

from datetime import timedelta
from enum import Enum
from uuid import UUID

from msgspec import Struct


class Purpose(Enum):
    """What a mailed token is good for; the newest of an address replaces the one before."""

    VERIFY_EMAIL = "VERIFY_EMAIL"
    RECOVER_PASSWORD = "RECOVER_PASSWORD"  # noqa: S105 - a purpose
    CHANGE_EMAIL = "CHANGE_EMAIL"

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=1) if self is Purpose.VERIFY_EMAIL else timedelta(minutes=30)


class Redeemed(Struct, frozen=True):
    """The address that a token was mailed to, and for CHANGE_EMAIL whose account is to have it."""

    email: str
    user_id: UUID | None
