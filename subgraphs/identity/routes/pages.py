"""Identity's pages: plain HTML that works without scripts, under headers that let nothing else in.

A page loads nothing, and runs nothing but the one script that passkeys need. No other site may frame it, so that nobody is led to press its buttons unseen.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import HttpMethod, MediaType, Response, route
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap

from common.errors import DomainError
from subgraphs.identity.routes.forms import Asked, FormTokens
from subgraphs.identity.site import Site

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]-]+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

Page = Response[str]


class Pages:
    """The pages of a site, from the templates of this package."""

    def __init__(self, site: Site, tokens: FormTokens) -> None:
        self._tokens = tokens
        self._templates = Environment(
            loader=PackageLoader("subgraphs.identity"), autoescape=True, undefined=StrictUndefined
        )
        self._templates.globals["url"] = site.url
        self._templates.globals["has_passkeys"] = site.relying_party.is_domain
        style = self._templates.get_template("style.css").render()
        self._templates.globals["style"] = style
        self._style = _source_hash(style)

    def show(self, template: str, *, status: int = 200, **values: object) -> Page:
        """A page with nothing to send."""
        return self._page(template, status, values, (), ())

    def form(
        self,
        request: Asked,
        template: str,
        *,
        status: int = 200,
        leads_to: Iterable[str] = (),
        script: str | None = None,
        **values: object,
    ) -> Page:
        """A page with forms; `leads_to` are the URLs of other sites that sending one may lead to by redirects.

        `script` is the one template that it runs, where there is no other way.
        """
        token, cookies = self._tokens.make(request)
        text = self._templates.get_template(script).render() if script else None
        values = {**values, "form_token": token, "script": text}
        return self._page(template, status, values, leads_to, cookies)

    @property
    def refusals(self) -> ExceptionHandlersMap:
        """The handlers of what the routes raise, for them to name: a page tells why the request was refused."""

        def refusal(_: Asked, error: DomainError) -> Page:
            return self.show("refused.html", status=error.status, message=error.message)

        return {DomainError: refusal}

    def _page(
        self,
        template: str,
        status: int,
        values: dict[str, object],
        leads_to: Iterable[str],
        cookies: Iterable[Cookie],
    ) -> Page:
        targets = " ".join(["'self'", *(source for url in leads_to if (source := _source(url)))])
        policy = (
            f"default-src 'none'; style-src {self._style}; form-action {targets}; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        script = values.get("script")
        if isinstance(script, str):
            policy += f"; script-src {_source_hash(script)}"
        return Response(
            self._templates.get_template(template).render(values),
            status_code=status,
            media_type=MediaType.HTML,
            headers={**_HEADERS, "content-security-policy": policy},
            cookies=list(cookies),
        )


def redirect(url: str, cookies: Iterable[Cookie] = ()) -> Page:
    """On to `url` by GET, whatever the request's method was (RFC 9700 section 4.12)."""
    headers = {"location": url, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response("", status_code=303, headers=headers, media_type=MediaType.HTML, cookies=list(cookies))


def redirect_uri_in(path: str) -> list[str]:
    """Where an authorization request, which a sign-in goes on to, may lead."""
    query = dict(parse_qsl(urlsplit(path).query))
    return [query["redirect_uri"]] if "redirect_uri" in query else []


def answers(*statuses: int) -> dict[int, ResponseSpec]:
    """The documentation of the pages that a door shows beside its first."""
    texts = {
        200: "A page",
        303: "On",
        400: "Refused",
        403: "Not from here",
        404: "Not known",
        413: "Too large",
        429: "Later",
        503: "Later",
    }
    return {
        status: ResponseSpec(
            str, description=texts[status], media_type=MediaType.HTML, generate_examples=False
        )
        for status in statuses
    }


def options(path: str) -> HTTPRouteHandler:
    """What OPTIONS answers at a page with a form. To be given first: Litestar's own names but one of two methods."""

    @route(path, http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False)
    async def allowed() -> Response[None]:
        return Response(None, status_code=204, headers={"allow": "GET, POST, OPTIONS"})

    return allowed


def _source_hash(text: str) -> str:
    """What allows the text in a page, and nothing else (Content Security Policy Level 3 section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _source(url: str) -> str | None:
    """A URL's origin as a source of a content security policy, of an app's own scheme the scheme."""
    parts = urlsplit(url)
    source = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    return source if (_ORIGIN if parts.netloc else _SCHEME).fullmatch(source) else None
