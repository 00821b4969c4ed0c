"""A client of the provider, over plain HTTP: it knows what it asked for and nothing of how identity is made."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.integration.identity.browsing import Browser, Page

SECRET = "of the tests' own, 256 bits or not"
REDIRECT_URI = "https://rp.example/callback"
OTHER_REDIRECT_URI = "https://rp.example/other?x=1"


@dataclass
class RelyingParty:
    """The client `client_id`; its user sits at `browser`."""

    browser: Browser
    client_id: str = "relying-party"
    secret: str | None = SECRET
    redirect_uri: str = REDIRECT_URI
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def request(self, **changes: str | None) -> dict[str, str]:
        """An authorization request; None leaves a parameter out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        values: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    async def authorize(self, **changes: str | None) -> Page:
        """What the browser sees when it is sent with the request."""
        return await self.browser.get("/oauth/authorize", **self.request(**changes))

    async def push(self, **changes: str | None) -> httpx.Response:
        """The answer to pushing the request (RFC 9126)."""
        return await self.post("/oauth/par", **self.request(client_id=None, **changes))

    async def bring(self, request_uri: str) -> Page:
        """What the browser sees when it is sent with what stands for a pushed request."""
        return await self.browser.get("/oauth/authorize", client_id=self.client_id, request_uri=request_uri)

    async def allowed(self, page: Page) -> Page:
        """The page after the one of consent, if that is what the user sees."""
        is_consent = page.title.startswith("Allow")
        return await self.browser.submit(page, button="allow") if is_consent else page

    async def code(self, **changes: str | None) -> str:
        answer = answered(await self.allowed(await self.authorize(**changes)))
        assert "code" in answer, answer
        return answer["code"]

    async def tokens(self, **changes: str | None) -> dict[str, Any]:
        """What a sign-in gives in the end."""
        answer = await self.exchange(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return await self.post("/oauth/token", **values, **changes)

    async def refresh(self, token: str, **changes: str) -> httpx.Response:
        return await self.post("/oauth/token", grant_type="refresh_token", refresh_token=token, **changes)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A request of the client's own, by HTTP Basic if it has a secret."""
        basic = httpx.BasicAuth(self.client_id, self.secret) if self.secret else None
        if basic is None:
            fields.setdefault("client_id", self.client_id)
        return await self.browser.client.post(
            self.browser.site + path, data=fields, auth=basic or httpx.USE_CLIENT_DEFAULT
        )

    async def userinfo(self, access_token: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {access_token}"}
        return await self.browser.client.get(f"{self.browser.site}/oauth/userinfo", headers=headers)


def answered(page: Page) -> dict[str, str]:
    """The parameters with which the browser was sent back to the client."""
    assert page.status == 303, page.text
    assert page.url.startswith("https://rp.example/"), page.url
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def claims(token: str) -> dict[str, Any]:
    """What a token says; whether it may is not looked at."""
    segment = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))
