"""JSON Web Signatures in compact serialization (RFC 7515), read strictly; joserfc does the cryptography.

joserfc alone would accept extensions that it does not know and the same name twice in an object, and does not tie an
algorithm to a key; those are checked here. What the payload says is for who reads it.
"""

import json
import re
from functools import lru_cache
from typing import Any, TypeAlias, get_args

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from common.algorithms import SignatureAlgorithm
from common.auth.errors import InvalidToken, Reason

_MAX_LENGTH = 8192
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_REGISTRY = jws.JWSRegistry(algorithms=list(get_args(SignatureAlgorithm)))

Signed: TypeAlias = jws.CompactSignature
"""A header and a payload; who signed them is not known yet."""


def parse(text: str) -> Signed:
    """The parts of a text that is three unpadded segments (section 7.1), the last of which may be empty.

    Raises:
        InvalidToken: MALFORMED.
    """
    if len(text) > _MAX_LENGTH or not _COMPACT.fullmatch(text):
        raise InvalidToken(Reason.MALFORMED)
    header, payload, signature = text.encode().split(b".")
    signed = Signed(_header(header), _decoded(payload))
    signed.segments.update({"header": header, "payload": payload, "signature": signature})
    return signed


def verify(signed: Signed, key: Key) -> None:
    """Raises InvalidToken unless `key`, which names its one algorithm, has signed it by that."""
    if signed.headers().get("alg") != key.get("alg"):
        raise InvalidToken(Reason.WRONG_ALGORITHM)
    try:
        is_valid = jws.validate_compact(signed, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        raise InvalidToken(Reason.MALFORMED) from None
    if not is_valid:
        raise InvalidToken(Reason.BAD_SIGNATURE)


def parse_object(text: bytes) -> dict[str, Any]:
    """A JSON object whose names are unique, as two readers could else read it differently (RFC 7519 section 4).

    Raises:
        InvalidToken: MALFORMED.
    """
    try:
        value = _decoder.decode(text.decode())
    except (ValueError, RecursionError):
        raise InvalidToken(Reason.MALFORMED) from None
    if not isinstance(value, dict):
        raise InvalidToken(Reason.MALFORMED)
    return value


@lru_cache(256)
def _header(segment: bytes) -> dict[str, Any]:
    """The header; all tokens of one key have the same. None has an extension that must be understood."""
    header = parse_object(_decoded(segment))
    if "crit" in header or "b64" in header:
        raise InvalidToken(Reason.MALFORMED)
    return header


def _decoded(segment: bytes) -> bytes:
    try:
        return urlsafe_b64decode(segment)
    except ValueError:
        raise InvalidToken(Reason.MALFORMED) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice")
    return members


_decoder = json.JSONDecoder(object_pairs_hook=_unique)
