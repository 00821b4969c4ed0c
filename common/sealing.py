"""Short secrets at rest: AES-256-GCM under the key encryption key of the environment. Each service has one of its own."""

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.settings import Secret, SettingsError

_KEY_LENGTH = 32
_NONCE_LENGTH = 12


class Sealer:
    """Seals and opens short texts. `purpose` is bound to the sealed text, so that it opens for nothing else."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._tagging_key = hmac.digest(key, b"tagging", hashlib.sha256)

    @classmethod
    def from_setting(cls, key: Secret) -> "Sealer":
        """A sealer for `HANSA_KEY_ENCRYPTION_KEY`.

        Raises:
            SettingsError: the value is not the base64 of 32 bytes.
        """
        try:
            raw = base64.b64decode(key.reveal(), validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) != _KEY_LENGTH:
            raise SettingsError("HANSA_KEY_ENCRYPTION_KEY is not the base64 of 32 bytes")
        return cls(raw)

    @property
    def tagging_key(self) -> bytes:
        """A key for message authentication, made from the sealing key so that neither says anything of the other."""
        return self._tagging_key

    def seal(self, text: bytes, purpose: str) -> bytes:
        nonce = os.urandom(_NONCE_LENGTH)
        return nonce + self._cipher.encrypt(nonce, text, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The text.

        Raises:
            cryptography.exceptions.InvalidTag: sealed under another key, for another purpose, or altered.
        """
        return self._cipher.decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], purpose.encode())
