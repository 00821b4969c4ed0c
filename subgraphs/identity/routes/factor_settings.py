"""The pages on which a signed-in browser adds and removes second factors. What changes something takes a sign-in of the last five minutes."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import segno
from litestar import MediaType, get
from litestar.handlers import HTTPRouteHandler

from common.errors import DomainError
from common.inputs import InvalidInputError, parse_id
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.sessions import Session
from subgraphs.identity.errors import (
    InvalidCodeError,
    InvalidPasskeyError,
    SignInAgainError,
    UnknownFactorError,
)
from subgraphs.identity.routes.browser import Browser, client_address
from subgraphs.identity.routes.forms import Asked, FormTokens
from subgraphs.identity.routes.pages import Page, Pages, answers, redirect
from subgraphs.identity.routes.posting import Answer, form_door
from subgraphs.identity.service.codes import Codes
from subgraphs.identity.service.passkeys import Passkeys
from subgraphs.identity.service.step_up import Proof
from subgraphs.identity.site import Site

FACTORS = "/second-factors"
_SCRIPT = "passkey.js"
_REFUSALS = (InvalidCodeError, InvalidPasskeyError, InvalidInputError, UnknownFactorError)

Change = Callable[[Asked, Session, Mapping[str, str]], Awaitable[Page]]


class FactorPages:
    """What the forms of these pages do."""

    def __init__(
        self, codes: Codes, passkeys: Passkeys, browser: Browser, *, site: Site, pages: Pages
    ) -> None:
        self._codes = codes
        self._passkeys = passkeys
        self._browser = browser
        self._site = site
        self._pages = pages

    def changing(self, change: Change) -> Answer:
        """`change` for a browser that is signed in; what it refuses is told above the list."""

        async def answer(request: Asked, form: Mapping[str, str]) -> Page:
            session = await self._browser.session(request)
            if session is None:
                return self._sign_in()
            try:
                return await change(request, session, form)
            except SignInAgainError:
                return self._sign_in()
            except _REFUSALS as refusal:
                return await self._list(request, session, refusal)

        return answer

    async def factors_page(self, request: Asked) -> Page:
        session = await self._browser.session(request)
        return await self._list(request, session) if session else self._sign_in()

    async def begin_app(self, request: Asked, session: Session, form: Mapping[str, str]) -> Page:
        enrolment = await self._codes.enrol(session.user_id, form.get("name", ""), _proof(request, session))
        picture = segno.make(enrolment.uri, micro=False).svg_inline(scale=4)
        return self._pages.form(request, "totp_enrolment.html", enrolment=enrolment, picture=picture)

    async def confirm_app(self, request: Asked, session: Session, form: Mapping[str, str]) -> Page:
        id_ = _id(form)
        shown = await self._codes.confirm(
            session.user_id, id_, form.get("code", ""), _origin(request, session)
        )
        return await self._show_codes(request, session, shown)

    async def renew_codes(self, request: Asked, session: Session, _: Mapping[str, str]) -> Page:
        shown = await self._codes.renew_codes(session.user_id, _proof(request, session))
        return await self._show_codes(request, session, shown)

    async def begin_passkey(self, request: Asked, session: Session, form: Mapping[str, str]) -> Page:
        made = await self._passkeys.begin_registration(session.user_id, _proof(request, session))
        name = form.get("name", "")
        return self._pages.form(request, "passkey_registration.html", script=_SCRIPT, options=made, name=name)

    async def finish_passkey(self, request: Asked, session: Session, form: Mapping[str, str]) -> Page:
        name, credential = form.get("name", ""), form.get("credential", "")
        origin = _origin(request, session)
        _, shown = await self._passkeys.finish_registration(session.user_id, name, credential, origin)
        return await self._show_codes(request, session, shown)

    async def remove(self, request: Asked, session: Session, form: Mapping[str, str]) -> Page:
        work = self._passkeys.remove if form.get("kind") == "passkey" else self._codes.remove_app
        await work(session.user_id, _id(form), _proof(request, session))
        return await self._list(request, session)

    async def _list(self, request: Asked, session: Session, refusal: DomainError | None = None) -> Page:
        return self._pages.form(
            request,
            "second_factors.html",
            status=400 if refusal else 200,
            message=refusal.message if refusal else None,
            overview=await self._codes.overview(session.user_id),
        )

    async def _show_codes(self, request: Asked, session: Session, shown: list[str]) -> Page:
        if not shown:
            return await self._list(request, session)
        return self._pages.show("recovery_codes.html", codes=shown)

    def _sign_in(self) -> Page:
        return redirect(f"{self._site.url('/sign-in')}?continue={FACTORS}")


def routes(shown: FactorPages, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers of one's own second factors."""

    def door(path: str, change: Change, summary: str, *fields: str) -> HTTPRouteHandler:
        answer = shown.changing(change)
        return form_door(f"{FACTORS}{path}", answer, pages, tokens, fields=fields, summary=summary)

    return [
        get(FACTORS, media_type=MediaType.HTML, responses=answers(303), summary="One's own second factors")(
            shown.factors_page
        ),
        door("/totp", shown.begin_app, "Begin with an authenticator app", "name"),
        door("/totp/confirm", shown.confirm_app, "Have an authenticator app count", "id", "code"),
        door("/recovery-codes", shown.renew_codes, "Get new recovery codes"),
        door("/passkeys", shown.begin_passkey, "Begin with a passkey", "name"),
        door("/passkeys/finish", shown.finish_passkey, "Add a passkey", "name", "credential"),
        door("/remove", shown.remove, "Remove a second factor", "kind", "id"),
    ]


def _id(form: Mapping[str, str]) -> UUID:
    """The id; what cannot be one is that of nothing."""
    return parse_id(form.get("id", "")) or UUID(int=0)


def _origin(request: Asked, session: Session) -> Origin:
    return Origin(session.user_id, client_address(request))


def _proof(request: Asked, session: Session) -> Proof:
    return Proof(session.authenticated_at.timestamp(), None, _origin(request, session))
