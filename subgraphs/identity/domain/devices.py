"""Device codes (RFC 8628): a device that shows a short code, and somebody who types it elsewhere."""

import re
import secrets
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

LIFETIME = timedelta(minutes=10)
INTERVAL = 5  # seconds between two questions of a device
SLOWER = 5  # seconds more for one that asks too often
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, and so no words (section 6.1)
_LENGTH = 8


class DeviceState(StrEnum):
    """What somebody said about the device."""

    PENDING = "PENDING"
    ALLOWED = "ALLOWED"
    DENIED = "DENIED"


class DeviceAuthorization(Struct, frozen=True):
    """What a device asks for; `session_id` is of who allowed it."""

    user_code: str
    client_id: str
    scopes: list[str]
    state: DeviceState
    session_id: UUID | None


def new_user_code() -> str:
    """Eight letters: one of 25,600,000,000."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def shown(user_code: str) -> str:
    """The code as people read it best."""
    return f"{user_code[:4]}-{user_code[4:]}"


def typed(text: str) -> str:
    """The code that somebody may have meant, whatever they put between its letters."""
    return re.sub(r"[^A-Z]", "", text[:40].upper())
