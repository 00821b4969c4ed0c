"""The pages on which a sign-in is finished: by a code, which needs no script, or by a passkey, which needs one.

A passkey that verifies its user is a whole sign-in, and has a page of its own.
"""

from collections.abc import Mapping
from uuid import UUID

from litestar import MediaType, get
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.errors import InvalidCodeError, InvalidPasskeyError, TooManyAttemptsError
from subgraphs.identity.routes.browser import Browser, client_address
from subgraphs.identity.routes.forms import Asked, FormTokens
from subgraphs.identity.routes.pages import Page, Pages, answers, options, redirect
from subgraphs.identity.routes.posting import form_door
from subgraphs.identity.service.codes import Codes
from subgraphs.identity.service.passkeys import Passkeys
from subgraphs.identity.service.second_factors import SECOND_FACTOR_PATH
from subgraphs.identity.site import Site, is_local_path

PASSKEY_FACTOR = f"{SECOND_FACTOR_PATH}/passkey"
PASSKEY = "/sign-in/passkey"
_SCRIPT = "passkey.js"
_USED_UP = "There were too many attempts. Sign in again."


class FinishingPages:
    """What follows a right password, or stands in its place."""

    def __init__(
        self, codes: Codes, passkeys: Passkeys, browser: Browser, *, site: Site, pages: Pages
    ) -> None:
        self._codes = codes
        self._passkeys = passkeys
        self._browser = browser
        self._site = site
        self._pages = pages

    async def factor_page(self, request: Asked) -> Page:
        pending = await self._browser.pending(request)
        return await self._ask(request, pending.user_id) if pending else self._begin_anew()

    async def code(self, request: Asked, form: Mapping[str, str]) -> Page:
        pending = await self._browser.pending(request)
        if pending is None:
            return self._begin_anew()
        if not await self._browser.may_attempt(request):
            return self._pages.show("refused.html", status=429, message=_USED_UP)
        try:
            await self._codes.check(pending.user_id, form.get("code", ""), _origin(request))
        except (InvalidCodeError, TooManyAttemptsError) as refusal:
            return await self._ask(request, pending.user_id, refusal.message)
        return await self._browser.complete(request, "otp")

    async def passkey_factor(self, request: Asked, form: Mapping[str, str]) -> Page:
        pending = await self._browser.pending(request)
        if pending is None:
            return self._begin_anew()
        if not await self._browser.may_attempt(request):
            return self._pages.show("refused.html", status=429, message=_USED_UP)
        try:
            await self._passkeys.authenticate(pending.user_id, form.get("credential", ""), _origin(request))
        except InvalidPasskeyError as refusal:
            return await self._ask(request, pending.user_id, refusal.message)
        return await self._browser.complete(request, "hwk")

    async def passkey_page(self, request: Asked) -> Page:
        return await self._ask_for_passkey(request, request.query_params.get("continue", ""))

    async def passkey(self, request: Asked, form: Mapping[str, str]) -> Page:
        wanted = form.get("continue", "")
        try:
            who = await self._passkeys.authenticate(None, form.get("credential", ""), _origin(request))
        except InvalidPasskeyError as refusal:
            return await self._ask_for_passkey(request, wanted, refusal.message)
        continue_to = wanted if is_local_path(wanted) else "/sign-in"
        return await self._browser.sign_in(request, who.user_id, ["hwk", "user"], continue_to)

    async def _ask(self, request: Asked, user_id: UUID, message: str | None = None) -> Page:
        overview = await self._codes.overview(user_id)
        return self._pages.form(
            request,
            "second_factor.html",
            status=400 if message else 200,
            script=_SCRIPT,
            message=message,
            has_codes=bool(overview.apps or overview.recovery_codes_left),
            path=PASSKEY_FACTOR,
            options=await self._passkeys.begin_authentication(user_id) if overview.passkeys else None,
        )

    async def _ask_for_passkey(self, request: Asked, continue_to: str, message: str | None = None) -> Page:
        return self._pages.form(
            request,
            "passkey_sign_in.html",
            status=400 if message else 200,
            script=_SCRIPT,
            message=message,
            path=PASSKEY,
            options=await self._passkeys.begin_authentication(None),
            continue_to=continue_to,
        )

    def _begin_anew(self) -> Page:
        return redirect(self._site.url("/sign-in"))


def routes(shown: FinishingPages, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers of finishing a sign-in."""
    return [
        options(SECOND_FACTOR_PATH),
        options(PASSKEY),
        get(
            SECOND_FACTOR_PATH,
            media_type=MediaType.HTML,
            responses=answers(303),
            summary="The second factor's page",
        )(shown.factor_page),
        get(PASSKEY, media_type=MediaType.HTML, summary="The page that signs in by a passkey")(
            shown.passkey_page
        ),
        form_door(
            SECOND_FACTOR_PATH,
            shown.code,
            pages,
            tokens,
            fields=("code",),
            summary="Finish a sign-in by a code",
        ),
        form_door(
            PASSKEY_FACTOR,
            shown.passkey_factor,
            pages,
            tokens,
            fields=("credential",),
            summary="Finish a sign-in by a passkey",
        ),
        form_door(
            PASSKEY,
            shown.passkey,
            pages,
            tokens,
            fields=("credential", "continue"),
            summary="Sign in by a passkey",
        ),
    ]


def _origin(request: Asked) -> Origin:
    return Origin(client_address=client_address(request))
