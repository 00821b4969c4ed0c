"""An authenticator in software, of fido2's structures: what a browser and a security key would send, truthfully or not."""

import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAGS = AuthenticatorData.FLAG


class Authenticator:
    """Holds one passkey. `counts` is whether it counts its signatures, `verifies` whether it asks for a PIN."""

    def __init__(self, origin: str, *, counts: bool = True, verifies: bool = True) -> None:
        self.origin = origin
        self.counter = 0 if counts else None
        self.verifies = verifies
        self.credential_id = os.urandom(32)
        self.user_handle = b""
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` answers."""
        self.user_handle = options["user"]["id"]
        public = ES256.from_cryptography_key(self._key.public_key())
        attested = AttestedCredentialData.create(bytes(16), self.credential_id, public)
        data = self._data(options["rp"]["id"], FLAGS.AT, attested)
        client = self._client("webauthn.create", options)
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        return self._credential(response)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.get` answers."""
        data, client = self._data(options["rpId"]), self._client("webauthn.get", options)
        signature = self._key.sign(data + sha256(client), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.user_handle,
        }
        return self._credential(response)

    def _data(self, rp_id: str, more: Any = 0, attested: Any = b"") -> AuthenticatorData:
        if self.counter is not None:
            self.counter += 1
        flags = FLAGS.UP | more | (FLAGS.UV if self.verifies else 0)
        return AuthenticatorData.create(sha256(rp_id.encode()), flags, self.counter or 0, attested)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return CollectedClientData.create(kind, options["challenge"], self.origin)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        id_ = websafe_encode(self.credential_id)
        return json.loads(json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": response}))  # type: ignore[no-any-return]
