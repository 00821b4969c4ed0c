"""Stripe's webhooks as they come in: whether one is genuine, and which of our operations it is about."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct

from common.errors import DomainError
from common.settings import Secret

TOLERANCE: Final = 300.0
"""Seconds that the signature's time may differ from ours."""


class BadSignatureError(DomainError):
    """The webhook is not from the provider, or too old to be believed."""

    code: ClassVar[str] = "BAD_SIGNATURE"
    status = 400


class StripeEvent(Struct, frozen=True):
    """What is read of an event; what it tells of the object's state is not, for the provider is asked."""

    id: str
    type: str
    data: dict[str, Any] = {}

    @property
    def effect_keys(self) -> Iterator[str]:
        """The keys of our operations that the object carries."""
        found = self.data.get("object")
        metadata = found.get("metadata") if isinstance(found, dict) else None
        for label, value in (metadata if isinstance(metadata, dict) else {}).items():
            if label.startswith("op_") and isinstance(value, str):
                yield value.partition(" ")[2]


def read_event(body: bytes, signature: str, secret: Secret, now: float) -> StripeEvent:
    """The event in a webhook's raw body.

    `signature` is the header `Stripe-Signature`: `t=SECONDS,v1=HEX`, with several `v1` while the secret is rotated.

    Raises:
        BadSignatureError: no signature fits, or it is too old.
    """
    pairs = [part.partition("=")[::2] for part in signature.split(",")]
    time = next((value for name, value in pairs if name.strip() == "t"), "")
    if not time.isdecimal() or abs(now - int(time)) > TOLERANCE:
        raise BadSignatureError("The signature has no time, or one that is too far away")
    expected = hmac.new(secret.reveal().encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()
    given = [value for name, value in pairs if name.strip() == "v1"]
    if not any(hmac.compare_digest(expected.encode(), value.encode()) for value in given):
        raise BadSignatureError("No signature fits")
    try:
        return msgspec.json.decode(body, type=StripeEvent)
    except msgspec.DecodeError as error:
        raise BadSignatureError(f"The body is no event: {error}") from None
