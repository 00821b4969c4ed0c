"""Outgoing webhooks by Standard Webhooks: how they are signed, when they are tried again, and where they may go."""

import base64
import binascii
import hashlib
import hmac
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from msgspec import Struct

from common.addresses import Address, standing_for
from common.inputs import InvalidInputError

Network: TypeAlias = IPv4Network | IPv6Network

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what Standard Webhooks begins every secret with
ROTATION: Final = timedelta(days=1)
"""How long the old secret signs beside the new one."""

MAX_URL: Final = 2_000
DELAYS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Between one try and the next: more than three days. After the last the delivery is DEAD."""


class DeliveryState(StrEnum):
    """PENDING until it is DELIVERED, or DEAD: given up, and kept to be replayed."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


class WebhookEndpoint(Struct, frozen=True, kw_only=True):
    """Where events are told. One that is not enabled gets nothing new."""

    id: UUID
    url: str
    is_enabled: bool
    created_at: datetime


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint. `last_status` is HTTP's; `last_error` says why there was none, or not a good one."""

    id: int
    endpoint_id: UUID
    message_id: str
    type: str
    object_id: UUID
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str | None


class ForbiddenUrlError(Exception):
    """The URL leads where webhooks must not go."""


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one `v1` for each secret, separated by blanks."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    digests = (hmac.new(_key(secret), signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def delay_after(attempt: int) -> timedelta | None:
    """How long to wait after the `attempt`-th try (from 1), with a jitter of a tenth; None when it was the last."""
    if attempt > len(DELAYS):
        return None
    return DELAYS[attempt - 1] * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, guards nothing


def check_url(url: str, allowed: Sequence[Network]) -> str:
    """Return `url`, or raise InvalidInputError unless webhooks may ever go there.

    Plain `http` needs a network that is allowed by configuration, since everyone on the way reads it.
    """
    try:
        _check_url(parse_url(url), allowed)
    except ForbiddenUrlError as error:
        raise InvalidInputError("url", str(error)) from None
    return url


def parse_url(url: str) -> SplitResult:
    """The parts of an `http` or `https` URL with a host. Raises ForbiddenUrlError."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.scheme in {"http", "https"} and (parts.port or 1) > 0
    except ValueError:
        is_whole = False
    if not is_whole or len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ForbiddenUrlError("must be an https URL")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenUrlError("must not have a user in it")
    return parts


def check_address(address: Address, allowed: Sequence[Network]) -> None:
    """Raise ForbiddenUrlError for an address that is not public, unless it is in an `allowed` network.

    An IPv6 address that stands for an IPv4 one is looked at as that.
    """
    real = standing_for(address)
    if any(real in network for network in allowed if network.version == real.version):
        return
    if not real.is_global or real.is_multicast:
        raise ForbiddenUrlError(f"leads to {real}, which is not public")


def _check_url(parts: SplitResult, allowed: Sequence[Network]) -> None:
    if parts.scheme == "http" and not allowed:
        raise ForbiddenUrlError("must be https")
    literal = _literal(parts.hostname or "")
    if literal is not None:
        check_address(literal, allowed)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook's secret is the base64 of its bytes") from None
