"""The directory of addresses over regions: who decides about one, and what regions ask one another.

It holds digests under a key of the deployment, no addresses. For each address one region decides, whoever asks; which one
follows from the digest.
"""

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct


class DirectoryKey:
    """The secret that all regions share: what digests are made with, and what requests between regions are signed with."""

    def __init__(self, secret: str) -> None:
        self._digests = hmac.digest(secret.encode(), b"addresses", hashlib.sha256)
        self.requests = hmac.digest(secret.encode(), b"requests", hashlib.sha256).hex()

    def digest(self, email: str) -> bytes:
        """What the directory knows of a normalised address."""
        return hmac.digest(self._digests, email.encode(), hashlib.sha256)


def decider(digest: bytes, regions: Sequence[str]) -> str:
    """Which of `regions`, in whatever order, decides about an address."""
    return sorted(regions)[int.from_bytes(digest[:8], "big") % len(regions)]


class ClaimState(StrEnum):
    """What a region knows of its claim to an address.

    ASKED while somebody signs up, TAKEN with the account, RELEASED until the decider knows that it is free again. DISPUTED
    is an address whose account is older than the directory, and which another region has, too.
    """

    ASKED = "ASKED"
    TAKEN = "TAKEN"
    RELEASED = "RELEASED"
    DISPUTED = "DISPUTED"


class Claim(Struct, frozen=True):
    """A region's claim to an address, the `number`th that it makes."""

    email: str
    number: int


class ClaimAddress(Struct, frozen=True, tag=True):
    """May the account of `digest` be at home in `home`? One region's later numbers replace its earlier ones."""

    digest: bytes
    home: str
    number: int


class ReleaseAddress(Struct, frozen=True, tag=True):
    """`home` claims `digest` no longer, neither by that number nor by an earlier one."""

    digest: bytes
    home: str
    number: int


class FindHome(Struct, frozen=True, tag=True):
    """Whose is `digest`?"""

    digest: bytes


class Standing(Struct, frozen=True):
    """Whose the address is after the question; None is nobody's."""

    home: str | None


class SignIn(Struct, frozen=True, tag=True):
    """A sign-in of somebody who should be at home where this is asked."""

    email: str
    password: str
    code: str | None
    client_address: str | None


class Prove(Struct, frozen=True, tag=True):
    """Whether it is their password; nothing is given for it."""

    email: str
    password: str
    client_address: str | None


AboutAddress = ClaimAddress | ReleaseAddress | FindHome
AboutPerson = SignIn | Prove
