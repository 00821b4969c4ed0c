"""Passkeys (Web Authentication Level 3): key pairs of which the private half never leaves its device."""

from datetime import datetime, timedelta
from enum import Enum
from ipaddress import ip_address
from uuid import UUID

from msgspec import Struct

CHALLENGE_LIFETIME = timedelta(minutes=5)
MAX_PASSKEYS = 20


class Ceremony(Enum):
    """What a challenge is for (section 5)."""

    REGISTRATION = "REGISTRATION"
    AUTHENTICATION = "AUTHENTICATION"


class Passkey(Struct, frozen=True):
    """One of a user's passkeys. `sign_count` is 0 for those that are on several devices and cannot count."""

    id: UUID
    user_id: UUID
    name: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class RelyingParty(Struct, frozen=True):
    """Whose passkeys they are: a domain, and the one origin whose pages may ask for them."""

    id: str
    origin: str

    @property
    def is_domain(self) -> bool:
        """Whether browsers have passkeys for it: at an IP address they have none (section 5.1.2)."""
        try:
            ip_address(self.id)
        except ValueError:
            return bool(self.id)
        return False
