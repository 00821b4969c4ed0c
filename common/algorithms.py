"""The algorithms that tokens may be signed by, apart from what verifies them: a configuration is read without cryptography."""

from typing import Literal, TypeAlias

SignatureAlgorithm: TypeAlias = Literal[
    "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"
]
"""Of RFC 7518 and 8037: no HMAC, whose key could not be published, and not `none`."""
