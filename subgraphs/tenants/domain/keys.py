"""API keys: their text, which only its holder has, and what is kept of it.

A key is `hansa_`, 32 random bytes in base62, and a checksum of both, so that scanners for leaked secrets find it and a mistyped one is
refused without a look anywhere. What is kept is its SHA-256: there is nothing to guess in a random text, so a slow hash
would protect nothing more.
"""

import hashlib
import re
import secrets
import string
import zlib
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.tenants.domain.consumers import check_external_id
from subgraphs.tenants.domain.tenants import check_name

PREFIX = "hansa_"
SHOWN = len(PREFIX) + 6
MAX_OVERLAP = timedelta(days=30)
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BODY = 43  # digits of base62 for 32 bytes
_CHECKSUM = 6  # and for the 4 of a CRC-32
_KEY = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_BODY + _CHECKSUM}}}")
_PLAN = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,63}")
_SCOPES = 50


class ApiKey(Struct, frozen=True, kw_only=True):
    """`start` is the first characters of its text, by which people tell keys apart."""

    tenant_id: UUID
    id: UUID
    name: str
    start: str
    consumer: str
    plan: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rolled_from: UUID | None


class NewKey(Struct, frozen=True, kw_only=True):
    """What a key is to be: `consumer` is the external id of whose requests it is sent with, `plan` what of the tenant's own they have bought."""

    name: str
    consumer: str
    plan: str = "default"
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None


def new_secret() -> str:
    """The text of a new key."""
    return text_of(secrets.token_bytes(32))


def text_of(random: bytes) -> str:
    """The key's text that has these 32 bytes."""
    body = PREFIX + _base62(int.from_bytes(random), _BODY)
    return body + _checksum(body)


def hash_of(text: str) -> bytes | None:
    """What is kept of the key `text`, None for what cannot be one."""
    if not _KEY.fullmatch(text) or _checksum(text[:-_CHECKSUM]) != text[-_CHECKSUM:]:
        return None
    return hashlib.sha256(text.encode()).digest()


def check_new_key(new: NewKey) -> NewKey:
    """Return `new`, or raise InvalidInputError for the first of its members that is wrong."""
    check_name("name", new.name)
    check_external_id("consumer", new.consumer)
    if not _PLAN.fullmatch(new.plan):
        raise InvalidInputError("plan", "must be 1 to 63 of a-z, 0-9, - and _")
    if len(new.scopes) > _SCOPES or len(set(new.scopes)) < len(new.scopes):
        raise InvalidInputError("scopes", f"must be at most {_SCOPES}, each once")
    if not all(_SCOPE.fullmatch(scope) for scope in new.scopes):
        raise InvalidInputError("scopes", "must each be 1 to 64 letters, digits, and : . _ / -")
    return new


def check_overlap(seconds: int) -> timedelta:
    """For how long both keys count, or raise InvalidInputError."""
    if not 0 <= seconds <= MAX_OVERLAP.total_seconds():
        raise InvalidInputError("overlap", f"must be 0 to {MAX_OVERLAP.total_seconds():.0f} seconds")
    return timedelta(seconds=seconds)


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
