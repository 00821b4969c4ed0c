"""When a signing key may do what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from itertools import groupby, zip_longest
from typing import Any

from msgspec import Struct


class Algorithm(StrEnum):
    """What signs: ES256 access tokens, RS256 id tokens, because OpenID Connect makes every client know it."""

    ES256 = "ES256"
    RS256 = "RS256"


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

    @property
    def algorithm(self) -> str:
        return str(self.public_jwk["alg"])


class KeyPolicy(Struct, frozen=True):
    """How long a key signs, how long before that it is published, and how long after it still verifies.

    `lead` must exceed the JWKS document's max-age, `retirement` an access token's lifetime plus the verifiers' leeway.
    """

    lifetime: timedelta = timedelta(days=30)
    lead: timedelta = timedelta(minutes=10)
    retirement: timedelta = timedelta(minutes=15)


class PublishedKey(Struct, frozen=True):
    """A key as admins of every region may see it."""

    kid: str
    algorithm: Algorithm
    state: KeyState
    active_from: datetime


class RotateKey(Struct, frozen=True, tag=True):
    """Publish a successor of the key that signs by `algorithm` where this is asked, for an admin of the region `asker`."""

    algorithm: Algorithm
    asker: str


class WithdrawKey(Struct, frozen=True, tag=True):
    """Withdraw a key of the region that is asked, for an admin of the region `asker`."""

    kid: str
    asker: str


AboutKey = RotateKey | WithdrawKey


def key_states(keys: Sequence[SigningKey], now: datetime, policy: KeyPolicy) -> dict[str, KeyState]:
    """The state of each key by its id. A key's successor is the next one of its algorithm."""
    states: dict[str, KeyState] = {}
    ordered = sorted(keys, key=lambda key: (key.algorithm, key.active_from))
    for _, group in groupby(ordered, key=lambda key: key.algorithm):
        line = list(group)
        ends = (key.active_from for key in line[1:])
        states |= {key.kid: _key_state(key, end, now, policy) for key, end in zip_longest(line, ends)}
    return states


def _key_state(key: SigningKey, end: datetime | None, now: datetime, policy: KeyPolicy) -> KeyState:
    if now < key.active_from:
        return KeyState.PENDING
    if end is None or now < end:
        return KeyState.ACTIVE
    return KeyState.RETIRING if now < end + policy.retirement else KeyState.GONE


def rotation_is_due(keys: Sequence[SigningKey], now: datetime, policy: KeyPolicy) -> bool:
    """Whether the newest of one algorithm's keys is so old that its successor must be published now."""
    newest = max((key.active_from for key in keys), default=None)
    return newest is None or now >= newest + policy.lifetime - policy.lead
