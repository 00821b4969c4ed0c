"""Time-based one-time passwords (RFC 6238), as authenticator apps know them: SHA-1, six digits, thirty seconds."""

import hmac
from datetime import datetime
from uuid import UUID

import pyotp
from msgspec import Struct

PERIOD = 30  # seconds
DRIFT = 1  # steps that an app's clock may be ahead or behind (section 5.2)
MAX_APPS = 5
ISSUER = "Hansa"


class Totp(Struct, frozen=True):
    """An authenticator app of a user; until it is confirmed its codes count for nothing."""

    id: UUID
    name: str
    created_at: datetime
    confirmed_at: datetime | None


class Enrolment(Struct, frozen=True):
    """What an app needs to know; it is shown once."""

    id: UUID
    secret: str
    uri: str


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226 section 4)."""
    return pyotp.random_base32()


def uri_of(secret: str, account: str) -> str:
    """The `otpauth:` URI that apps read from a QR code."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER))


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is, of those that may be now; None when it is that of none of them."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // PERIOD
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(totp.at(step * PERIOD).encode(), code.encode()):
            return step
    return None


def is_code(text: str) -> bool:
    """Whether an app could show it."""
    return len(text) == 6 and text.isascii() and text.isdecimal()
