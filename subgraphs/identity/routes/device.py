"""`/oauth/device_authorization` for devices, and the page `/device` on which somebody types what they show (RFC 8628)."""

from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, get, post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.devices import INTERVAL, LIFETIME, shown, typed
from subgraphs.identity.domain.sessions import Session
from subgraphs.identity.errors import TooManyAttemptsError
from subgraphs.identity.provider import Provider
from subgraphs.identity.routes.authorize import SCOPES
from subgraphs.identity.routes.browser import Browser, client_address
from subgraphs.identity.routes.client_authentication import credentials
from subgraphs.identity.routes.forms import MAX_FORM, Asked, FormTokens, read_form, takes_form
from subgraphs.identity.routes.oauth import REFUSALS, Answer, answer, errors
from subgraphs.identity.routes.pages import Page, Pages, answers, options, redirect

_UNKNOWN = "No device waits with this code. It may be too old: start again on the device."


class DevicePages:
    """The pages between a typed code and a decision."""

    def __init__(self, provider: Provider, pages: Pages) -> None:
        self._provider = provider
        self._pages = pages

    def ask(self, request: Asked, code: str, *, message: str | None = None, status: int = 200) -> Page:
        """The page that asks for a code."""
        return self._pages.form(request, "device.html", status=status, code=code[:40], message=message)

    async def confirm(self, request: Asked, session: Session, code: str) -> Page:
        """The page that says who asks for what, which nobody is to allow unseen (section 5.4)."""
        try:
            found = await self._provider.devices.find(code, session, client_address(request))
        except TooManyAttemptsError as error:
            return self.ask(request, "", message=error.message, status=429)
        client = await self._provider.clients.find(found.client_id) if found else None
        if found is None or client is None:
            return self.ask(request, code, message=_UNKNOWN, status=400)
        return self._pages.form(
            request,
            "device_consent.html",
            client=client.name,
            code=shown(found.user_code),
            scopes=[SCOPES.get(scope, scope) for scope in found.scopes],
        )

    async def decide(self, request: Asked, session: Session, code: str, decision: str) -> Page:
        """The last page."""
        is_allowed = decision == "allow"
        if not await self._provider.devices.decide(code, session, is_allowed=is_allowed):
            return self.ask(request, code, message=_UNKNOWN, status=400)
        return self._pages.show("device_done.html", is_allowed=is_allowed)


def routes(provider: Provider, browser: Browser, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers of devices."""
    site, steps = provider.site, DevicePages(provider, pages)
    html: dict[str, Any] = {"media_type": MediaType.HTML, "exception_handlers": pages.refusals}

    @post(
        "/oauth/device_authorization",
        status_code=200,
        responses=errors(400, 401, 413, 429, 503),
        exception_handlers=REFUSALS,
        operation_class=takes_form("client_id", "client_secret", "scope"),
        request_max_body_size=MAX_FORM,
        summary="A code for a device (RFC 8628 section 3.1)",
    )
    async def begin(request: Asked) -> Answer:
        fields = await read_form(request)
        client = await provider.clients.authenticate(credentials(request, fields))
        scopes = fields.get("scope", "").split()
        code = await provider.devices.begin(client, scopes, client_address(request))
        query = urlencode({"user_code": shown(code.user_code)})
        return answer(
            {
                "device_code": code.device_code,
                "user_code": shown(code.user_code),
                "verification_uri": site.url("/device"),
                "verification_uri_complete": site.url(f"/device?{query}"),
                "expires_in": int(LIFETIME.total_seconds()),
                "interval": INTERVAL,
            }
        )

    def sign_in(code: str) -> Page:
        continue_to = f"/device?{urlencode({'user_code': code})}"
        return redirect(site.url(f"/sign-in?{urlencode({'continue': continue_to})}"))

    @get("/device", **html, responses=answers(303), summary="The page for a device's code")
    async def device_page(request: Asked) -> Page:
        code = str(request.query_params.get("user_code", ""))[:40]
        if await browser.session(request) is None:
            return sign_in(typed(code))
        return steps.ask(request, code)

    @post(
        "/device",
        **html,
        status_code=200,
        responses=answers(303, 400, 403, 413, 429, 503),
        operation_class=takes_form("user_code", "decision", "form_token"),
        request_max_body_size=MAX_FORM,
        summary="Look at a device's code, or decide about it",
    )
    async def device(request: Asked) -> Page:
        fields = await read_form(request)
        tokens.check(request, fields)
        session, code = await browser.session(request), fields.get("user_code", "")
        if session is None:
            return sign_in(typed(code))
        if "decision" in fields:
            return await steps.decide(request, session, code, fields["decision"])
        return await steps.confirm(request, session, code)

    return [begin, options("/device"), device_page, device]
