"""A browser without scripts: it keeps cookies, follows redirects on its own site, and sends the forms of the pages it sees."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from common.http import Transport
from gateway.platform.doors import ServiceDoors


@dataclass
class Page:
    """What the browser sees in the end; a redirect that leads elsewhere is not followed: `url` is where to."""

    url: str
    status: int
    text: str
    headers: httpx.Headers

    @property
    def title(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.text)
        return found[1] if found else ""

    @property
    def alert(self) -> str:
        found = re.search(r'role="alert">(.*?)<', self.text)
        return found[1] if found else ""


class Browser:
    """One user's browser; `site` is identity's issuer, reached by `transport` or over the network."""

    def __init__(self, site: str, transport: Transport | None = None, address: str = "127.0.0.1") -> None:
        self.site = site
        doors = ServiceDoors(nothing, {"identity": transport}) if transport else None
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(doors, client=(address, 0)) if doors else None,
            base_url=site,
            headers={"user-agent": "Cog/1.0"},
        )

    async def get(self, path: str, **query: str) -> Page:
        return await self._follow(await self.client.get(self._url(path), params=query or None))

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Page:
        return await self._follow(await self.client.post(self._url(path), data=fields, headers=headers))

    async def submit(self, page: Page, *, button: str | None = None, **fields: str) -> Page:
        """Sends the page's form with its hidden fields; `button` is the value of the one that is pressed."""
        form = _Form(button)
        form.feed(page.text)
        assert form.action, f"there is no form in {page.text}"
        return await self.post(form.action, {**form.fields, **fields})

    async def sign_in(self, email: str, password: str, page: Page | None = None) -> Page:
        return await self.submit(page or await self.get("/sign-in"), email=email, password=password)

    async def close(self) -> None:
        await self.client.aclose()

    async def _follow(self, answer: httpx.Response) -> Page:
        while answer.is_redirect:
            location = urljoin(str(answer.url), answer.headers["location"])
            if not location.startswith(self.site):
                return Page(location, answer.status_code, answer.text, answer.headers)
            answer = await self.client.get(location)
        return Page(str(answer.url), answer.status_code, answer.text, answer.headers)

    def _url(self, path: str) -> str:
        return path if urlsplit(path).scheme else self.site + path


class _Form(HTMLParser):
    def __init__(self, button: str | None) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._button = button

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        name, value = named.get("name"), named.get("value") or ""
        match tag:
            case "form":
                self.action = named["action"] or ""
            case "input" if name:
                self.fields[name] = value
            case "button" if name and value == self._button:
                self.fields[name] = value


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """What there is beside identity's doors."""
    assert scope["type"] == "lifespan", "the browser left the site"
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})
