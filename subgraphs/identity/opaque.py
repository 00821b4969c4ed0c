"""Opaque tokens: 256 random bits for whoever holds them, of which only the SHA-256 is kept.

So many random bits need no slow hash: nobody finds them by trying, and whoever reads the database cannot use what stands there.
"""

import hashlib
import secrets


def new_token() -> str:
    """43 characters that are safe in URLs, cookies and forms."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What of the token is stored and looked up."""
    return hashlib.sha256(token.encode()).digest()
