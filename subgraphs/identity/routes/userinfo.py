"""`/oauth/userinfo`: what an access token shows of its user (OpenID Connect Core section 5.3)."""

from typing import Any
from uuid import UUID

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler

from common.auth import Caller, InvalidToken, TokenVerifier
from common.errors import DomainError
from subgraphs.identity.routes.forms import MAX_FORM, Asked, InvalidFormError, read_form
from subgraphs.identity.routes.oauth import REFUSALS, Answer, ErrorResponse, answer, errors
from subgraphs.identity.service.claims import Claims


class _BearerError(DomainError):
    """A refusal with the challenge of RFC 6750 section 3; without a token it says nothing more."""

    code = "UNAUTHENTICATED"

    def __init__(self, status: int, error: str = "", message: str = "") -> None:
        super().__init__(message)
        self.answer_status, self.error = status, error


def routes(claims: Claims) -> list[HTTPRouteHandler]:
    """The route handler over `claims`."""

    @route(
        "/oauth/userinfo",
        http_method=[HttpMethod.GET, HttpMethod.POST],
        status_code=200,
        responses=errors(400, 401, 403, 413, 503),
        exception_handlers={**REFUSALS, _BearerError: _refused},
        request_max_body_size=MAX_FORM,
        summary="Claims about the user (OpenID Connect Core section 5.3)",
    )
    async def userinfo(request: Asked) -> Answer:
        caller = await _caller(request)
        if "openid" not in caller.scopes:
            raise _BearerError(403, "insufficient_scope", "The access token lacks the scope openid")
        family = caller.claims.get("fam")
        found = await claims.userinfo(UUID(family), caller.scopes) if family else None
        if found is None:
            raise _BearerError(401, "invalid_token", "The access token has been revoked")
        return answer(found)

    return [userinfo]


async def _caller(request: Asked) -> Caller:
    verifier: TokenVerifier = request.app.state.verifier
    try:
        caller = await verifier.authenticate(request.headers.get("authorization"))
        if caller is None:
            caller = await verifier.verify(await _token_in_form(request))
    except InvalidToken as error:
        raise _BearerError(401, "invalid_token", error.message) from error
    return caller


async def _token_in_form(request: Asked) -> str:
    """The token of a POST (RFC 6750 section 2.2)."""
    token = None
    if request.method == "POST":
        try:
            token = (await read_form(request)).get("access_token")
        except InvalidFormError as error:
            raise _BearerError(401) from error
    if not token:
        raise _BearerError(401)
    return token


def _refused(_: Asked, error: _BearerError) -> Answer:
    challenge = "Bearer"
    if error.error:
        challenge += f' error="{error.error}", error_description="{error.message}"'
    body: Any = ErrorResponse(error.error or "invalid_token", error.message)
    return answer(body, error.answer_status, **{"www-authenticate": challenge})
