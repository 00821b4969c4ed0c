"""An issuer of access tokens."""

import time
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.integration.server.graph import respond

ISSUER = "https://identity.test"


class Issuer:
    """Publishes the public half of its keys as an ASGI app and signs tokens with the newest."""

    def __init__(self) -> None:
        self.keys: list[ECKey] = []
        self.fetches = 0
        self.rotate()

    def rotate(self) -> None:
        parameters = {"kid": f"key-{len(self.keys)}", "alg": "ES256", "use": "sig"}
        self.keys.append(ECKey.generate_key("P-256", parameters))

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.fetches += 1
        await respond(send, msgspec.json.encode({"keys": [key.as_dict(private=False) for key in self.keys]}))

    def token(self, *, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        signing = key or self.keys[-1]
        headers = {"alg": "ES256", "typ": "at+jwt", "kid": self.keys[-1].kid, **(header or {})}
        now = int(time.time())
        body = {"iss": ISSUER, "aud": "hansa", "sub": "u1", "iat": now, "exp": now + 60, **claims}
        return jwt.encode(headers, body, signing, algorithms=["ES256", "HS256", "none"])
