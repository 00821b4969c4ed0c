"""The pages that links in letters lead to: an address is proved there, with a button."""

from collections.abc import Mapping

from litestar import MediaType, get
from litestar.handlers import HTTPRouteHandler

from common.errors import DomainError
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.errors import EmailTakenError, InvalidCodeError
from subgraphs.identity.links import CHANGE_EMAIL, VERIFY_EMAIL
from subgraphs.identity.routes.browser import client_address
from subgraphs.identity.routes.forms import Asked, FormTokens
from subgraphs.identity.routes.pages import Page, Pages, options
from subgraphs.identity.routes.posting import form_door
from subgraphs.identity.service.emails import Emails


def routes(emails: Emails, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers of proving an address."""

    @get(VERIFY_EMAIL, media_type=MediaType.HTML, summary="The page that verifies an address")
    async def verify_page(request: Asked) -> Page:
        return _button(request, VERIFY_EMAIL)

    @get(CHANGE_EMAIL, media_type=MediaType.HTML, summary="The page that changes an address")
    async def change_page(request: Asked) -> Page:
        return _button(request, CHANGE_EMAIL)

    async def verify(request: Asked, form: Mapping[str, str]) -> Page:
        try:
            await emails.verify(form.get("token", ""), Origin(client_address=client_address(request)))
        except InvalidCodeError as refusal:
            return _refused(refusal)
        return _done("Your e-mail address is confirmed.")

    async def change(request: Asked, form: Mapping[str, str]) -> Page:
        try:
            await emails.confirm_change(form.get("token", ""), Origin(client_address=client_address(request)))
        except (InvalidCodeError, EmailTakenError) as refusal:
            return _refused(refusal)
        return _done("Your account has this e-mail address now.")

    def _button(request: Asked, path: str) -> Page:
        return pages.form(
            request, "confirm_email.html", path=path, token=request.query_params.get("token", "")
        )

    def _refused(refusal: DomainError) -> Page:
        return pages.show("refused.html", status=400, message=refusal.message)

    def _done(message: str) -> Page:
        return pages.show("done.html", message=message)

    fields = ("token",)
    return [
        options(VERIFY_EMAIL),
        options(CHANGE_EMAIL),
        verify_page,
        change_page,
        form_door(VERIFY_EMAIL, verify, pages, tokens, fields=fields, summary="Verify an address"),
        form_door(CHANGE_EMAIL, change, pages, tokens, fields=fields, summary="Change an address"),
    ]
