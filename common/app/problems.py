"""What an HTTP door answers when it refuses or fails: a problem document (RFC 9457)."""

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from msgspec import Struct

from common.app.masking import INTERNAL
from common.database import RetryableError
from common.errors import DomainError, OverloadedError

_log = logging.getLogger("hansa.doors")


class Problem(Struct, frozen=True):
    """A problem document."""

    type: str
    title: str
    status: int
    code: str | None = None


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """What a door's description says of the statuses with which it refuses."""
    return {
        status: ResponseSpec(
            Problem, media_type="application/problem+json", description="Refused.", generate_examples=False
        )
        for status in statuses
    }


def refusal(_: Request[Any, Any, Any], error: DomainError) -> Response[dict[str, object]]:
    """A refusal, with its code and extensions."""
    return _problem(error.status, error.message, code=error.code, **error.extensions)


def overload(_: Request[Any, Any, Any], error: RetryableError) -> Response[dict[str, object]]:
    """What would succeed a moment later, as when no connection to the database is free."""
    _log.warning("The database had no answer: %s", error)
    return _problem(OverloadedError.status, "Try again in a moment", code=OverloadedError.code)


def http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, object]]:
    """What Litestar refuses itself: no such path, no such method, input that does not fit."""
    answer = _problem(error.status_code, error.detail, **({"errors": error.extra} if error.extra else {}))
    answer.headers.update(error.headers or {})
    return answer


def defect(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, object]]:
    """Anything else: logged in full, shown as nothing but its being there."""
    _log.error("Unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    return _problem(500, "Internal error", code=INTERNAL)


def _problem(status: int, title: str, **members: object) -> Response[dict[str, object]]:
    body = {"type": "about:blank", "title": title, "status": status, **members}
    return Response(body, status_code=status, media_type="application/problem+json")
