"""The pages on which people sign in and out. What a second factor asks for has pages of its own."""

from litestar import MediaType, get, post
from litestar.handlers import HTTPRouteHandler

from common.errors import DomainError, OverloadedError
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.errors import AtHomeElsewhereError, InvalidCredentialsError, TooManyAttemptsError
from subgraphs.identity.routes.browser import Browser, client_address
from subgraphs.identity.routes.forms import MAX_FORM, Asked, FormTokens, read_form, takes_form
from subgraphs.identity.routes.pages import Page, Pages, answers, options, redirect_uri_in
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.elsewhere import SigningIn
from subgraphs.identity.service.neighbours import RegionUnavailableError
from subgraphs.identity.site import is_local_path

HOME = "/sign-in"
"""Where a sign-in goes that was on the way to nothing: the page says who is signed in."""
_REFUSALS = (
    InvalidCredentialsError,
    AtHomeElsewhereError,
    TooManyAttemptsError,
    RegionUnavailableError,
    OverloadedError,
)


def routes(
    identity: Identity, signing_in: SigningIn, browser: Browser, pages: Pages, tokens: FormTokens
) -> list[HTTPRouteHandler]:
    """The route handlers of signing in and out."""

    @get("/sign-in", media_type=MediaType.HTML, summary="The sign-in page")
    async def sign_in_page(request: Asked) -> Page:
        continue_to = _continue_to(request.query_params.get("continue"))
        session = await browser.session(request)
        if session is not None and continue_to == HOME:
            user = (await identity.users([session.user_id]))[session.user_id]
            return pages.form(request, "signed_in.html", name=user.name)
        hint = str(request.query_params.get("login_hint", ""))
        return _form(pages, request, continue_to, email=hint)

    @post(
        "/sign-in",
        exception_handlers=pages.refusals,
        media_type=MediaType.HTML,
        status_code=303,
        responses=answers(400, 403, 413, 429, 503),
        operation_class=takes_form("email", "password", "continue", "form_token"),
        request_max_body_size=MAX_FORM,
        summary="Sign a browser in",
    )
    async def sign_in(request: Asked) -> Page:
        fields = await read_form(request)
        tokens.check(request, fields)
        continue_to, email = _continue_to(fields.get("continue")), fields.get("email", "")
        try:
            user = await signing_in.authenticate(
                email=email, password=fields.get("password", ""), origin=Origin(None, client_address(request))
            )
        except _REFUSALS as refusal:
            return _form(pages, request, continue_to, email=email, refusal=refusal)
        return await browser.begin(request, user.id, ["pwd"], continue_to)

    @get("/sign-out", media_type=MediaType.HTML, summary="The sign-out page")
    async def sign_out_page(request: Asked) -> Page:
        return pages.form(request, "sign_out.html")

    @post(
        "/sign-out",
        exception_handlers=pages.refusals,
        media_type=MediaType.HTML,
        status_code=303,
        responses=answers(400, 403, 413),
        operation_class=takes_form("form_token"),
        request_max_body_size=MAX_FORM,
        summary="Sign a browser out",
    )
    async def sign_out(request: Asked) -> Page:
        tokens.check(request, await read_form(request))
        return await browser.sign_out(request)

    return [options("/sign-in"), sign_in_page, sign_in, options("/sign-out"), sign_out_page, sign_out]


def _continue_to(wanted: str | None) -> str:
    return wanted if wanted and is_local_path(wanted) else HOME


def _form(
    pages: Pages, request: Asked, continue_to: str, *, email: str, refusal: DomainError | None = None
) -> Page:
    page = pages.form(
        request,
        "sign_in.html",
        status=_status(refusal),
        leads_to=redirect_uri_in(continue_to),
        email=email,
        continue_to=continue_to,
        message=refusal.message if refusal else None,
    )
    if isinstance(refusal, TooManyAttemptsError):
        page.headers["retry-after"] = str(refusal.retry_after)
    return page


def _status(refusal: DomainError | None) -> int:
    """A wrong password is no 401, which would have to name a scheme of HTTP authentication."""
    if refusal is None:
        return 200
    return 400 if isinstance(refusal, InvalidCredentialsError) else refusal.status
