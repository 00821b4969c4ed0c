"""The pages on which someone who forgot their password gets another: one asks for a letter, the other is what it leads to."""

from collections.abc import Mapping

from litestar import MediaType, get
from litestar.handlers import HTTPRouteHandler

from common.inputs import InvalidInputError
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.errors import InvalidCodeError
from subgraphs.identity.links import RECOVER
from subgraphs.identity.routes.browser import client_address
from subgraphs.identity.routes.forms import Asked, FormTokens
from subgraphs.identity.routes.pages import Page, Pages, options
from subgraphs.identity.routes.posting import form_door
from subgraphs.identity.service.password_changes import PasswordChanges

NEW_PASSWORD = "/recover/password"  # noqa: S105 - a path


def routes(changes: PasswordChanges, pages: Pages, tokens: FormTokens) -> list[HTTPRouteHandler]:
    """The route handlers of recovering a password."""

    @get(RECOVER, media_type=MediaType.HTML, summary="The page that asks for a new password, or for a letter")
    async def recover_page(request: Asked) -> Page:
        token = request.query_params.get("token")
        if token is None:
            return pages.form(request, "ask_for_recovery.html")
        return _new_password(request, token)

    async def ask(request: Asked, form: Mapping[str, str]) -> Page:
        await changes.ask_for_recovery(form.get("email", ""), _origin(request))
        return pages.show(
            "done.html", message="If this address has an account, a letter is on its way to it."
        )

    async def recover(request: Asked, form: Mapping[str, str]) -> Page:
        token = form.get("token", "")
        try:
            await changes.recover(token, form.get("password", ""), _origin(request))
        except InvalidInputError as refusal:
            return _new_password(request, token, refusal.message.removeprefix("newPassword is refused: "))
        except InvalidCodeError as refusal:
            return pages.show("refused.html", status=400, message=refusal.message)
        return pages.show("done.html", message="You have a new password; sign in with it.")

    def _new_password(request: Asked, token: str, message: str | None = None) -> Page:
        status = 400 if message else 200
        return pages.form(request, "new_password.html", status=status, token=token, message=message)

    return [
        options(RECOVER),
        recover_page,
        form_door(RECOVER, ask, pages, tokens, fields=("email",), summary="Have a letter sent"),
        form_door(
            NEW_PASSWORD,
            recover,
            pages,
            tokens,
            fields=("token", "password"),
            summary="Choose a new password",
        ),
    ]


def _origin(request: Asked) -> Origin:
    return Origin(client_address=client_address(request))
