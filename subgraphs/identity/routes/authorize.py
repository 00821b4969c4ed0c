"""`/oauth/authorize`: where clients send people for a code (RFC 6749 section 3.1), and the page that asks them.

The request goes through the pages as it came, and is looked at anew each time. One that could lead to a wrong place gets a page and no
redirect. What has to happen because of the request itself, as `prompt=login`, is told by a seal that identity puts beside it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, get, post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.authorization import (
    MAX_REQUEST,
    AuthorizationRequest,
    Refusal,
    check_redirect,
    check_request,
)
from subgraphs.identity.domain.pushed_requests import token_in
from subgraphs.identity.domain.sessions import Session
from subgraphs.identity.oauth_errors import OAuthError, UnsafeRequestError
from subgraphs.identity.routes.asked import Asking
from subgraphs.identity.routes.browser import Browser
from subgraphs.identity.routes.forms import (
    MAX_FORM,
    Asked,
    FormTokens,
    read_fields,
    read_form,
    takes_form,
    takes_query,
)
from subgraphs.identity.routes.oauth import description_of
from subgraphs.identity.routes.pages import Page, Pages, answers, options, redirect
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.authorization import Authorization, Need
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.pushed_requests import PushedRequests
from subgraphs.identity.site import Site

AUTHORIZE = "/oauth/authorize"
SCOPES = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your e-mail address",
    "offline_access": "Do so while you are away",
    "graph": "Read and change your data in the graph",
}
"""What the page of consent says of a scope; of others it shows the name."""


class Authorizer:
    """Answers authorization requests of browsers."""

    def __init__(
        self,
        site: Site,
        *,
        clients: Clients,
        authorization: Authorization,
        pushed: PushedRequests,
        identity: Identity,
        browser: Browser,
        pages: Pages,
        asking: Asking,
    ) -> None:
        self._site = site
        self._clients = clients
        self._authorization = authorization
        self._pushed = pushed
        self._identity = identity
        self._browser = browser
        self._pages = pages
        self._asking = asking

    async def answer(self, asked: Asked, fields: Mapping[str, str], *, has_consented: bool = False) -> Page:
        """The redirect to the client with a code or an error, or the page of what has to happen before.

        Raises:
            UnsafeRequestError: the request leads nowhere that is the client's.
        """
        session, pushed = await self._browser.session(asked), token_in(fields.get("request_uri"))
        parameters = await self._pushed.read(fields)
        client = await self._clients.find(parameters.get("client_id"))
        try:
            request = check_request(parameters, client, is_pushed=pushed is not None)
            outcome = await self._authorization.decide(
                request,
                session,
                has_just_signed_in=self._asking.was_answered(fields, session),
                has_consented=has_consented,
                pushed=pushed,
            )
        except Refusal as refusal:
            return self._back(refusal.redirect_uri, refusal.state, error_of(refusal.error))
        match outcome:
            case Need.SIGN_IN:
                return self._sign_in(request, fields, session)
            case Need.CONSENT:
                assert session is not None
                return await self._consent(asked, request, fields, session)
            case code:
                return self._back(request.redirect_uri, request.state, {"code": code})

    async def deny(self, fields: Mapping[str, str]) -> Page:
        """The redirect that tells the client that the user did not want to.

        Raises:
            UnsafeRequestError
        """
        parameters = await self._pushed.read(fields)
        client = await self._clients.find(parameters.get("client_id"))
        _, redirect_uri = check_redirect(parameters, client)
        await self._pushed.forget(fields)
        refusal = OAuthError("access_denied", "The user did not allow it")
        return self._back(redirect_uri, parameters.get("state"), error_of(refusal))

    def _sign_in(
        self, request: AuthorizationRequest, fields: Mapping[str, str], session: Session | None
    ) -> Page:
        # The page has to say where its form may lead in the end, which a pushed request does not show.
        asked = self._asking.ask({**fields, "redirect_uri": request.redirect_uri}, session)
        continue_to = f"{AUTHORIZE}?{urlencode(asked)}"
        query = {"continue": continue_to, "login_hint": request.login_hint}
        return redirect(self._site.url(f"/sign-in?{urlencode(query)}"))

    async def _consent(
        self, asked: Asked, request: AuthorizationRequest, fields: Mapping[str, str], session: Session
    ) -> Page:
        user = (await self._identity.users([session.user_id]))[session.user_id]
        return self._pages.form(
            asked,
            "consent.html",
            leads_to=[request.redirect_uri],
            client=request.client.name,
            user=user.name,
            scopes=[SCOPES.get(scope, scope) for scope in request.scopes],
            query=urlencode(fields),
        )

    def _back(self, redirect_uri: str, state: str | None, values: Mapping[str, str]) -> Page:
        """To the client, with `iss` so that it knows whose answer it is (RFC 9207)."""
        query = {**values, **({} if state is None else {"state": state}), "iss": self._site.issuer}
        separator = "&" if "?" in redirect_uri else "?"
        return redirect(f"{redirect_uri}{separator}{urlencode(query)}")


def routes(authorizer: Authorizer, site: Site, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers over `authorizer`."""
    common: dict[str, Any] = {
        "media_type": MediaType.HTML,
        "exception_handlers": pages.refusals,
        "status_code": 303,
    }

    @get(
        AUTHORIZE,
        **common,
        responses=answers(200, 400, 404),
        operation_class=takes_query("client_id"),
        summary="Authorization endpoint (RFC 6749 section 3.1)",
    )
    async def authorize(request: Asked) -> Page:
        return await authorizer.answer(request, _bounded(request.scope["query_string"]))

    @post(
        AUTHORIZE,
        **common,
        responses=answers(400, 413),
        operation_class=takes_form(
            "client_id", "redirect_uri", "response_type", "scope", "state", others=True
        ),
        request_max_body_size=MAX_FORM,
        summary="Authorization endpoint, by POST",
    )
    async def authorize_by_post(request: Asked) -> Page:
        # A form of another site comes without our cookies; going on by GET brings them.
        return redirect(site.url(f"{AUTHORIZE}?{urlencode(await read_form(request))}"))

    @post(
        "/oauth/consent",
        **common,
        responses=answers(200, 400, 403, 404, 413),
        operation_class=takes_form("request", "decision", "form_token"),
        request_max_body_size=MAX_FORM,
        summary="Allow a client what it asked for, or deny it",
    )
    async def consent(request: Asked) -> Page:
        form = await read_form(request)
        tokens.check(request, form)
        fields = _bounded(form.get("request", "").encode())
        if form.get("decision") != "allow":
            return await authorizer.deny(fields)
        return await authorizer.answer(request, fields, has_consented=True)

    return [options(AUTHORIZE), authorize, authorize_by_post, consent]


def error_of(error: OAuthError) -> dict[str, str]:
    """The parameters that tell a client of an error (RFC 6749 section 4.1.2.1)."""
    return {"error": error.error, "error_description": description_of(error)}


def _bounded(query: bytes) -> Mapping[str, str]:
    if len(query) > MAX_REQUEST:
        raise UnsafeRequestError("The request is too long")
    return read_fields(query)
