"""What the doors for clients have in common: JSON that nobody may keep, and OAuth's errors in the form of RFC 6749 section 5.2."""

import re
from typing import Any

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap
from msgspec import Struct

from common.errors import DomainError
from subgraphs.identity.oauth_errors import OAuthError
from subgraphs.identity.routes.forms import Asked, InvalidFormError

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_UNSHOWABLE = re.compile(r"[^\x20\x21\x23-\x5B\x5D-\x7E]")

Answer = Response[Any]


class ErrorResponse(Struct, frozen=True):
    """An error of OAuth (RFC 6749 section 5.2)."""

    error: str
    error_description: str


def answer(value: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer that is not to be stored."""
    return Response(value, status_code=status, headers={**NO_STORE, **headers})


def description_of(error: OAuthError) -> str:
    """What `error_description` may hold."""
    return _UNSHOWABLE.sub("?", error.message)


def _refused(_: Asked, error: OAuthError) -> Answer:
    challenge = {"www-authenticate": 'Basic realm="oauth"'} if error.status == 401 else {}
    return answer(ErrorResponse(error.error, description_of(error)), error.status, **challenge)


def _invalid_form(_: Asked, error: InvalidFormError) -> Answer:
    return answer(ErrorResponse("invalid_request", error.message), 400)


def _unavailable(_: Asked, error: DomainError) -> Answer:
    name = "temporarily_unavailable" if error.status >= 500 else "invalid_request"
    return answer(ErrorResponse(name, error.message), error.status)


REFUSALS: ExceptionHandlersMap = {
    OAuthError: _refused,
    InvalidFormError: _invalid_form,
    DomainError: _unavailable,
}


def errors(*statuses: int) -> dict[int, ResponseSpec]:
    """The documentation of the errors of a door."""
    texts = {
        400: "Refused",
        401: "No such client",
        403: "Not enough",
        413: "Too large",
        429: "Later",
        503: "Later",
    }
    return {
        status: ResponseSpec(ErrorResponse, description=texts[status], generate_examples=False)
        for status in statuses
    }
