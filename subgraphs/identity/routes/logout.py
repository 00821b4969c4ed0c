"""`/oauth/logout`: where a client sends people to sign out of everything (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, get, post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.authorization import MAX_REQUEST
from subgraphs.identity.id_tokens import IdTokens
from subgraphs.identity.oauth_errors import UnknownClientError, UnsafeRequestError
from subgraphs.identity.provider import Provider
from subgraphs.identity.routes.browser import Browser
from subgraphs.identity.routes.forms import MAX_FORM, Asked, FormTokens, read_fields, read_form, takes_form
from subgraphs.identity.routes.pages import Page, Pages, answers, options, redirect
from subgraphs.identity.service.clients import Clients

LOGOUT = "/oauth/logout"


class Logouts:
    """What a logout request asks for."""

    def __init__(self, clients: Clients, id_tokens: IdTokens) -> None:
        self._clients = clients
        self._id_tokens = id_tokens

    async def check(self, fields: Mapping[str, str]) -> tuple[str | None, str | None]:
        """The `sid` that the request proves to know, and the registered place that it wants to go on to.

        Raises:
            UnsafeRequestError: the place is not the client's, or no client is named.
        """
        hint = fields.get("id_token_hint")
        claims = await self._id_tokens.read_hint(hint) if hint else None
        client_id = claims["aud"] if claims else fields.get("client_id")
        if claims and fields.get("client_id", client_id) != client_id:
            raise UnsafeRequestError(
                "The application that sent you here is not the one you signed in to (client_id)."
            )
        uri = fields.get("post_logout_redirect_uri")
        client = await self._clients.find(client_id)
        if uri is not None and client is None:
            raise UnknownClientError
        if uri is not None and client is not None and uri not in client.post_logout_redirect_uris:
            raise UnsafeRequestError(
                "The application that sent you here wants you to go on to a place that is not registered"
                " (post_logout_redirect_uri)."
            )
        if uri is not None and "state" in fields:
            uri += ("&" if "?" in uri else "?") + urlencode({"state": fields["state"]})
        return claims.get("sid") if claims else None, uri


def routes(provider: Provider, browser: Browser, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers of signing out for a client."""
    logouts, site = Logouts(provider.clients, provider.id_tokens), provider.site
    html: dict[str, Any] = {"media_type": MediaType.HTML, "exception_handlers": pages.refusals}

    @get(LOGOUT, **html, responses=answers(303, 400, 404), summary="Sign out for a client")
    async def logout(request: Asked) -> Page:
        query = request.scope["query_string"]
        if len(query) > MAX_REQUEST:
            raise UnsafeRequestError("The request is too long")
        fields = read_fields(query)
        sid, uri = await logouts.check(fields)
        session = await browser.session(request)
        if session is None or str(session.id) == sid:
            return await browser.sign_out(request, uri)
        # Who does not know the session could be any site that wants people signed out.
        return pages.form(request, "logout.html", leads_to=[uri] if uri else [], query=urlencode(fields))

    @post(
        LOGOUT,
        **html,
        status_code=303,
        responses=answers(400, 403, 404, 413),
        operation_class=takes_form(
            "id_token_hint", "post_logout_redirect_uri", "client_id", "request", "form_token", others=True
        ),
        request_max_body_size=MAX_FORM,
        summary="Sign out for a client, by POST; or after having been asked",
    )
    async def logout_by_post(request: Asked) -> Page:
        fields = await read_form(request)
        if "form_token" not in fields:
            return redirect(site.url(f"{LOGOUT}?{urlencode(fields)}"))
        tokens.check(request, fields)
        _, uri = await logouts.check(read_fields(fields.get("request", "").encode()))
        return await browser.sign_out(request, uri)

    return [options(LOGOUT), logout, logout_by_post]
