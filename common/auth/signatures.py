"""Signatures of requests between services (RFC 9421, RFC 9530): that the router has sent it, now, and just so.

What is signed has one fixed form, which is written here; what comes from outside is read and verified by
http-message-signatures.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from common.errors import DomainError
from common.http.messages import Headers

TAG = "hansa"
_MIN_SECRET = 32
_WINDOW = timedelta(minutes=5)


class InvalidSignatureError(DomainError):
    """The request is not signed, not by a known key, not as it came, or too long ago."""

    code = "INVALID_SIGNATURE"
    status = 401


class MessageSigner:
    """Signs a request's method, body and `authorization` by HMAC-SHA256 with a secret that the receiver has, too.

    Raises ValueError for a key id that is no plain text and a secret of less than 32 bytes. `now` gives seconds.
    """

    def __init__(self, key_id: str, secret: str, *, now: Callable[[], float] = time.time) -> None:
        self._secret = _checked(key_id, secret)
        self._key_id = key_id
        self._now = now

    def sign(self, method: str, headers: Headers, body: bytes) -> Headers:
        """The headers that the request is to have beside `headers`."""
        digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
        signed = [("@method", method), ("content-digest", digest)]
        tokens = [value.strip() for name, value in headers if name == "authorization"]
        if tokens:
            signed.append(("authorization", ", ".join(tokens)))
        covered = " ".join(f'"{name}"' for name, _ in signed)
        parameters = (
            f'({covered});created={int(self._now())};keyid="{self._key_id}";alg="hmac-sha256";tag="{TAG}"'
        )
        lines = [f'"{name}": {value}' for name, value in (*signed, ("@signature-params", parameters))]
        signature = _base64(hmac.digest(self._secret, "\n".join(lines).encode("latin-1"), "sha256"))
        return (
            ("content-digest", digest),
            ("signature-input", f"{TAG}={parameters}"),
            ("signature", f"{TAG}=:{signature}:"),
        )


class MessageVerifier:
    """Accepts requests that one of `keys`, secrets by key id, has signed in the last five minutes.

    Raises ValueError as `MessageSigner` does.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = {key_id: _checked(key_id, secret) for key_id, secret in keys.items()}

    @classmethod
    def parse(cls, text: str) -> "MessageVerifier":
        """From `ID=SECRET,ID=SECRET`. Raises ValueError, whose message has no secret."""
        pairs = [part.strip().partition("=") for part in text.split(",")]
        if not all(key_id and separator for key_id, separator, _ in pairs):
            raise ValueError("expected ID=SECRET, several of them with commas between")
        return cls({key_id: secret for key_id, _, secret in pairs})

    def verify(self, method: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Raises InvalidSignatureError. Header names are lower case."""
        message = _Message(method, _joined(headers))
        required = ["@method", "content-digest"]
        if "authorization" in message.headers:
            required.append("authorization")
        self._verify(message, required, body)

    @cached_property
    def _verify(self) -> Callable[["_Message", list[str], bytes], None]:
        from http_message_signatures import (  # noqa: PLC0415 - loads only where requests must be signed
            HTTPMessageVerifier,
            InvalidSignature,
            algorithms,
        )
        from http_message_signatures.resolvers import MappingKeyResolver  # noqa: PLC0415

        keys = MappingKeyResolver(public_keys=self._keys, private_keys={})
        verifier = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=keys)

        def verify(message: _Message, required: list[str], body: bytes) -> None:
            try:
                verifier.verify(
                    message, max_age=_WINDOW, expect_tag=TAG, require_components=required, body=body
                )
            except InvalidSignature as error:
                raise InvalidSignatureError("The request's signature does not count") from error

        return verify


@dataclass
class _Message:
    """A request as the library reads it; its URL is not signed."""

    method: str
    headers: dict[str, str]
    url: str = "http://service/"


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value.strip()}" if name in joined else value.strip()
    return joined


def _checked(key_id: str, secret: str) -> bytes:
    if not key_id.isascii() or not key_id.isprintable() or '"' in key_id or "\\" in key_id:
        raise ValueError(f"the key id {key_id!r} is no plain text")
    encoded = secret.encode()
    if len(encoded) < _MIN_SECRET:
        raise ValueError(f"the secret of the key {key_id!r} has less than {_MIN_SECRET} bytes")
    return encoded


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
