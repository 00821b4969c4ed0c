import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from litestar.types import Receive, Scope, Send

from common.auth import KeySet, TokenVerifier
from common.http import open_transport

ISSUER = "https://issuer.example"
AUDIENCE = "hansa"


class Issuer:
    """An issuer with an ASGI door for its keys, which can be made to fail."""

    def __init__(self) -> None:
        self.fetches = 0
        self.status = 200
        self.keys: dict[str, ECKey] = {}
        self.add("k1")

    def add(self, kid: str, **parameters: Any) -> ECKey:
        self.keys[kid] = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256", **parameters})
        return self.keys[kid]

    def token(
        self,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        key: ECKey | None = None,
    ) -> str:
        base = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "u1",
            "exp": int(time.time()) + 600,
            "scope": "read write",
        }
        head = {"typ": "at+jwt", "alg": "ES256", "kid": "k1", **(header or {})}
        signer = key or self.keys["k1"]
        return jwt.encode(head, {**base, **(claims or {})}, signer, algorithms=[head["alg"]])

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.fetches += 1
        body = json.dumps({"keys": [key.as_dict(private=False) for key in self.keys.values()]}).encode()
        headers = [(b"cache-control", b"public, max-age=300")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> KeySet:
    return KeySet(open_transport("app://issuer/jwks", apps={"issuer": issuer}), clock=clock)


@pytest.fixture
def verifier(keys: KeySet) -> TokenVerifier:
    return TokenVerifier(keys, [ISSUER], [AUDIENCE])
