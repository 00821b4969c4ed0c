"""Identity's rules, with no I/O: who a user is, what an account needs, when a signing key may do what."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from itertools import zip_longest
from typing import Any
from uuid import UUID

from msgspec import Struct

from subgraphs.identity.errors import InvalidSignUpError

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_EMAIL_LENGTH = 254
_NAME_LENGTH = 100
_PASSWORD_LENGTH = range(8, 1025)


class User(Struct, frozen=True):
    """An account's public face and its e-mail address."""

    id: UUID
    email: str
    name: str
    created_at: datetime


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


class KeyState(Enum):
    """What a signing key is for: PENDING and RETIRING keys only verify, ACTIVE signs, GONE does nothing."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    RETIRING = "RETIRING"
    GONE = "GONE"


class SigningKey(Struct, frozen=True):
    """A key pair: the public half as JWK, the private half sealed. It signs from `active_from` to its successor's."""

    kid: str
    public_jwk: dict[str, Any]
    sealed_private_key: bytes
    active_from: datetime


class KeyPolicy(Struct, frozen=True):
    """How long a key signs, how long before that it is published, and how long after it still verifies.

    `lead` must exceed the JWKS document's max-age, `retirement` an access token's lifetime plus the verifiers' leeway.
    """

    lifetime: timedelta = timedelta(days=30)
    lead: timedelta = timedelta(minutes=10)
    retirement: timedelta = timedelta(minutes=15)


def key_states(keys: Sequence[SigningKey], now: datetime, policy: KeyPolicy) -> dict[str, KeyState]:
    """The state of each key by its id."""
    ordered = sorted(keys, key=lambda key: key.active_from)
    ends = (key.active_from for key in ordered[1:])
    return {key.kid: _key_state(key, end, now, policy) for key, end in zip_longest(ordered, ends)}


def _key_state(key: SigningKey, end: datetime | None, now: datetime, policy: KeyPolicy) -> KeyState:
    if now < key.active_from:
        return KeyState.PENDING
    if end is None or now < end:
        return KeyState.ACTIVE
    return KeyState.RETIRING if now < end + policy.retirement else KeyState.GONE


def rotation_is_due(keys: Sequence[SigningKey], now: datetime, policy: KeyPolicy) -> bool:
    """Whether the newest key is so old that its successor must be published now."""
    newest = max((key.active_from for key in keys), default=None)
    return newest is None or now >= newest + policy.lifetime - policy.lead
