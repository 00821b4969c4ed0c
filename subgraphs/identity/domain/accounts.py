"""Who a user is, and what an account needs."""

import re
import unicodedata
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from subgraphs.identity.errors import InvalidSignUpError

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_EMAIL_LENGTH = 254
_NAME_LENGTH = 100
_PASSWORD_LENGTH = range(8, 1025)


class User(Struct, frozen=True):
    """An account's public face and its e-mail address, which may not be proved yet to be its own."""

    id: UUID
    email: str
    name: str
    created_at: datetime
    email_verified_at: datetime | None = None


class SignUp(Struct, frozen=True):
    """A checked and normalised request for an account."""

    email: str
    name: str
    password: str


def check_sign_up(*, email: str, name: str, password: str) -> SignUp:
    """The request in normal form.

    Raises:
        InvalidSignUpError: for the first member that breaks a rule.
    """
    email, name = normalise_email(email), " ".join(unicodedata.normalize("NFC", name).split())
    if not is_email(email):
        raise InvalidSignUpError("email", "This is not an e-mail address")
    if not 0 < len(name) <= _NAME_LENGTH or not name.isprintable():
        raise InvalidSignUpError("name", f"A name has 1 to {_NAME_LENGTH} printable characters")
    if not password_fits(password):
        shortest, longest = _PASSWORD_LENGTH[0], _PASSWORD_LENGTH[-1]
        raise InvalidSignUpError("password", f"A password has {shortest} to {longest} characters")
    return SignUp(email, name, password)


def is_email(text: str) -> bool:
    """Whether an account may have this normalised address; no other is looked up, as PostgreSQL takes no NUL."""
    return len(text) <= _EMAIL_LENGTH and _EMAIL.fullmatch(text) is not None and text.isprintable()


def normalise_email(email: str) -> str:
    """One account an address, however it is capitalised or composed."""
    return unicodedata.normalize("NFC", email).strip().casefold()


def password_fits(password: str) -> bool:
    """Whether the password has a length that is hashed at all; a megabyte would be a denial of service."""
    return len(password) in _PASSWORD_LENGTH


def parse_user_id(text: str) -> UUID | None:
    """The id that a client sent, None when it cannot be one."""
    try:
        return UUID(text)
    except ValueError:
        return None
