"""What an account asks for besides the password."""

import unicodedata

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.identity.domain.passkeys import Passkey
from subgraphs.identity.domain.totp import Totp

_NAME_LENGTH = 60


class Overview(Struct, frozen=True):
    """A user's second factors. Recovery codes are none by themselves: they stand in for one that was lost."""

    apps: list[Totp]
    passkeys: list[Passkey]
    recovery_codes_left: int

    @property
    def is_needed(self) -> bool:
        """Whether the password alone signs nobody in."""
        return bool(self.apps or self.passkeys)


def check_factor_name(name: str) -> str:
    """The name of an app or a passkey in normal form, or InvalidInputError."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not 1 <= len(name) <= _NAME_LENGTH or not name.isprintable():
        raise InvalidInputError("name", f"must be 1 to {_NAME_LENGTH} printable characters")
    return name
