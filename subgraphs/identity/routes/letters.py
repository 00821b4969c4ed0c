"""`GET /letters`: the letters that were written to a folder, for who steers accounts. Where they are really sent there is no such door."""

from litestar import get
from litestar.handlers import HTTPRouteHandler

from common.app import refusals
from common.auth import TokenVerifier
from subgraphs.identity.access import require_admin
from subgraphs.identity.mail import FolderMailer, KeptLetter, Mailer
from subgraphs.identity.routes.forms import Asked
from subgraphs.identity.routes.oauth import NO_STORE

NEWEST = 50


def routes(mailer: Mailer | None) -> list[HTTPRouteHandler]:
    """The route handler over a mailer that is a folder, and none over others."""
    if not isinstance(mailer, FolderMailer):
        return []

    @get(
        "/letters",
        responses=refusals(401, 403),
        response_headers=NO_STORE,
        summary="The letters that were written last; the token needs the scope identity:admin",
    )
    async def letters(request: Asked) -> list[KeptLetter]:
        verifier: TokenVerifier = request.app.state.verifier
        require_admin(await verifier.authenticate(request.headers.get("authorization")))
        return await mailer.newest(NEWEST)

    return [letters]
