"""Which of the keys that an issuer publishes may verify signatures (RFC 7517); the others are left out."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from joserfc.util import urlsafe_b64decode

Members: TypeAlias = Mapping[str, Any]

_log = logging.getLogger(__name__)
_LEAST_RSA_BITS = 2048  # RFC 7518 section 3.3
_LEAST_RSA_EXPONENT = 3
_SMALL_PRIMES = [n for n in range(3, 168, 2) if all(n % divisor for divisor in range(3, n, 2))]
_ROCA_REMAINDERS = {prime: {pow(65537, power, prime) for power in range(prime)} for prime in _SMALL_PRIMES}


def import_keys(published: Sequence[Members]) -> Mapping[str, Key]:
    """Those that verify, by their ids. One that cannot be used does not keep the others from being used (section 5)."""
    offered = [members for members in published if _verifies(members)]
    times = Counter(members["kid"] for members in offered)
    imported = {members["kid"]: _import(members) for members in offered if times[members["kid"]] == 1}
    return {kid: key for kid, key in imported.items() if key is not None}


def _verifies(members: Members) -> bool:
    """Whether it is a public key for signatures that names itself and its algorithm (sections 4.2, 4.4, 4.5).

    A symmetric key is none: whoever can read it could sign by it.
    """
    return (
        members.get("use", "sig") == "sig"
        and isinstance(members.get("kid"), str)
        and "alg" in members
        and "d" not in members
        and members.get("kty") != "oct"
    )


def _import(members: Members) -> Key | None:
    try:
        if members.get("kty") != "RSA" or _is_strong(members):
            return import_key(dict(members))
    except (JoseError, ValueError, TypeError, AttributeError, KeyError):
        pass
    _log.warning("The key %r cannot be used", members["kid"])
    return None


def _is_strong(members: Members) -> bool:
    """Whether an RSA key is long enough, and not one of those that can be told to be factored (CVE-2017-15361)."""
    modulus, exponent = (
        int.from_bytes(urlsafe_b64decode(members[name].encode()), "big") for name in ("n", "e")
    )
    if modulus.bit_length() < _LEAST_RSA_BITS or exponent < _LEAST_RSA_EXPONENT:
        return False
    return any(modulus % prime not in remainders for prime, remainders in _ROCA_REMAINDERS.items())
