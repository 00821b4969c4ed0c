"""The secrets that sign outgoing webhooks: made here, and written down only sealed, each for its endpoint."""

import base64
import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag

from common.sealing import Sealer
from subgraphs.payments.domain.webhooks import SECRET_PREFIX

_SECRET_BYTES: Final = 32


class UnreadableSecretError(Exception):
    """The secret was sealed under another key."""


class WebhookSecrets:
    """Seals by `sealer`, whose key is payments' own."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, endpoint_id: UUID, secret: str) -> bytes:
        """The secret as it stands in the database."""
        return self._sealer.seal(secret.encode(), _purpose(endpoint_id))

    def open(self, endpoint_id: UUID, kept: bytes) -> str:
        """The secret that was sealed for this endpoint. Raises UnreadableSecretError."""
        if kept.startswith(
            SECRET_PREFIX.encode()
        ):  # of before revision 0013, in the clear until it is rotated
            return kept.decode()
        try:
            return self._sealer.open(kept, _purpose(endpoint_id)).decode()
        except InvalidTag:
            raise UnreadableSecretError("the secret was sealed under another key") from None


def new_secret() -> str:
    """A secret as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _purpose(endpoint_id: UUID) -> str:
    return f"webhook endpoint {endpoint_id}"
