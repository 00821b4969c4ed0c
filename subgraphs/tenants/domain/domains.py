"""Customers' own domains: whose one is, DNS says. A tenant proves one by a TXT record below it, whose text is that tenant's alone.

A domain that stops proving itself is served on for a while, in which its tenant is told, unless another tenant proves it.
"""

import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError

MOST = 50
"""Of one tenant."""
GRACE = timedelta(days=7)
LABEL = "_hansa-challenge"
_PREFIX = "hansa-verification="
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253 - len(LABEL) - 1


class Standing(StrEnum):
    """PENDING is not served; FAILING is served on until it is dropped."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    FAILING = "FAILING"


class Domain(Struct, frozen=True, kw_only=True):
    """A host that a tenant has claimed, and since when it is proved."""

    tenant_id: UUID
    host: str
    token: str
    verified_at: datetime | None
    failing_since: datetime | None
    created_at: datetime

    @property
    def standing(self) -> Standing:
        if self.verified_at is None:
            return Standing.PENDING
        return Standing.VERIFIED if self.failing_since is None else Standing.FAILING

    @property
    def record_name(self) -> str:
        """Where the TXT record is looked for."""
        return f"{LABEL}.{self.host}"

    @property
    def record_value(self) -> str:
        return _PREFIX + self.token

    @property
    def dropped_at(self) -> datetime | None:
        """When it is served no more, if it goes on failing."""
        return None if self.failing_since is None else self.failing_since + GRACE

    def is_proved_by(self, texts: Collection[str]) -> bool:
        return self.record_value in texts


def new_token() -> str:
    return secrets.token_urlsafe(24)


def check_host(host: str, platform: str) -> str:
    """Return `host`, or raise InvalidInputError unless it is a name that a customer can have; `platform` is what is ours."""
    if len(host) > _LONGEST or not _HOST.fullmatch(host):
        raise InvalidInputError("host", "must be the name of a host in lower case, such as api.example.com")
    if host == platform or host.endswith(f".{platform}"):
        raise InvalidInputError("host", f"is below {platform}, where tenants have hosts already")
    return host
