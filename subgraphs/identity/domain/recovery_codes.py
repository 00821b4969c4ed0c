"""Recovery codes: what is on paper for the day when the other factors are lost."""

import hashlib
import secrets
from uuid import UUID

COUNT = 10
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
_GROUPS, _GROUP = 4, 4


def new_codes() -> list[str]:
    """Codes of 80 random bits."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(COUNT)
    ]


def hash_of(user_id: UUID, code: str) -> bytes:
    """What of a code is kept; however it was typed. So many random bits need no slow hash."""
    plain = "".join(character for character in code.upper() if character in _ALPHABET)
    return hashlib.sha256(user_id.bytes + plain.encode()).digest()
