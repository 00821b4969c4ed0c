"""The key that a request brings: `Authorization: Bearer KEY` (RFC 6750) or `X-API-Key: KEY`."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

_MAX_LENGTH = 256
_BEARER = b"bearer "


class Credential(Struct, frozen=True):
    """The hash of a key, and the header that it stood in: what was shown to the gateway is not for upstreams."""

    key_hash: str
    header: bytes


def credential_of(fields: Mapping[bytes, bytes]) -> Credential | None:
    """The key among the headers, by lower-case name; `X-API-Key` first, as `Authorization` may be the upstream's own."""
    key = fields.get(b"x-api-key")
    if key is not None:
        return _credential(key, b"x-api-key")
    authorization = fields.get(b"authorization", b"")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return _credential(authorization[len(_BEARER) :].strip(), b"authorization")


def _credential(key: bytes, header: bytes) -> Credential | None:
    return Credential(sha256(key).hexdigest(), header) if 0 < len(key) <= _MAX_LENGTH else None
