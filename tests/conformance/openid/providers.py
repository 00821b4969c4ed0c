"""A provider as the modules see it: its metadata, its client, and a user in a browser who signs in and allows what is asked.

Of the two there are, identity and the certified oidc-provider, a driver knows what their pages are called and how time passes there.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.integration.identity.browsing import Browser, Page
from tests.integration.identity.relying import RelyingParty, answered

EMAIL, PASSWORD = f"{uuid.uuid4()}@hansa.example", "long enough"


@dataclass(frozen=True)
class Pages:
    """The titles of a provider's pages, and what is filled in and pressed there."""

    sign_in: str
    consent: str
    name_field: str
    button: str | None = None


@dataclass
class Arrival:
    """Where a request led in the end, and the pages that the user saw on the way."""

    page: Page
    signed_in: list[Page] = field(default_factory=list)
    allowed: list[Page] = field(default_factory=list)

    @property
    def answer(self) -> dict[str, str]:
        """The parameters with which the user came back to the client."""
        return answered(self.page)


@dataclass
class OpenIDProvider:
    """`forward` has seconds pass; nobody waits for them."""

    name: str
    browser: Browser
    metadata: Mapping[str, Any]
    pages: Pages
    forward: Callable[[float], Awaitable[None]]
    party: RelyingParty = field(init=False)

    def __post_init__(self) -> None:
        self.party = RelyingParty(self.browser)

    async def arrive(self, *, by_post: bool = False, **changes: str | None) -> Arrival:
        """Where an authorization request leads, which is the usual one but for `changes`; None leaves a parameter out."""
        return await self.send(self.party.request(**changes), by_post=by_post)

    async def send(self, request: Mapping[str, str], *, by_post: bool = False) -> Arrival:
        """Where the request leads once the user has signed in and allowed it, if they are asked to."""
        url = self.metadata["authorization_endpoint"]
        send = self.browser.post(url, dict(request)) if by_post else self.browser.get(url, **request)
        arrival = Arrival(await send)
        while arrival.page.url.startswith(self.metadata["issuer"]):
            seen, pages = arrival.page, self.pages
            if seen.title == pages.sign_in:
                arrival.signed_in.append(seen)
                fields = {pages.name_field: EMAIL, "password": PASSWORD}
                arrival.page = await self.browser.submit(seen, **fields)
            elif seen.title.startswith(pages.consent):
                arrival.allowed.append(seen)
                arrival.page = await self.browser.submit(seen, button=pages.button)
            else:
                break
        return arrival

    async def tokens(self, **changes: str | None) -> dict[str, Any]:
        """What an authorization request gives in the end."""
        return await self.exchanged(await self.arrive(**changes))

    async def exchanged(self, arrival: Arrival) -> dict[str, Any]:
        """The tokens for the code of an answer."""
        answer = await self.exchange(arrival.answer["code"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.party.redirect_uri,
            "code_verifier": self.party.verifier,
            **changes,
        }
        return await self.post(values)

    async def post(self, fields: Mapping[str, str]) -> httpx.Response:
        """A request of the client's to the token endpoint; it proves itself by HTTP Basic, unless `fields` do."""
        assert self.party.secret is not None
        basic = httpx.BasicAuth(self.party.client_id, self.party.secret)
        auth = httpx.USE_CLIENT_DEFAULT if "client_secret" in fields else basic
        return await self.browser.client.post(self.metadata["token_endpoint"], data=fields, auth=auth)

    async def userinfo(self, access_token: str, *, by_post: bool = False) -> httpx.Response:
        method, headers = "POST" if by_post else "GET", {"authorization": f"Bearer {access_token}"}
        return await self.browser.client.request(method, self.metadata["userinfo_endpoint"], headers=headers)

    async def checked(self, tokens: Mapping[str, Any], nonce: str | None = "a nonce") -> dict[str, Any]:
        """The ID token's claims, after what OpenID Connect Core section 3.1.3.7 has a client check."""
        jwks = (await self.browser.client.get(self.metadata["jwks_uri"])).json()
        decoded = jwt.decode(tokens["id_token"], KeySet.import_key_set(jwks), algorithms=["RS256"])
        claims = decoded.claims
        assert claims["iss"] == self.metadata["issuer"]
        assert claims["aud"] == self.party.client_id
        assert claims["exp"] > claims["iat"]
        assert claims.get("nonce") == nonce
        return dict(claims)
