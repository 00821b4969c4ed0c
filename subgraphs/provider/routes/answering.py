"""From a request to the use case's form and key, and from its answer to the response, as badly as its fault says."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeAlias

from litestar import Request, Response

from common.idempotency import IdempotencyMismatch
from subgraphs.provider.domain.methods import Fault
from subgraphs.provider.errors import ApiError
from subgraphs.provider.requests import FormT, decode_form
from subgraphs.provider.service import Answer

LATE = 3.0  # seconds that a late answer takes
SILENCE = 120.0  # seconds until a request that is not answered is given up
MAX_KEY = 255

AnyRequest: TypeAlias = Request[Any, Any, Any]


async def form_of(request: AnyRequest, kind: type[FormT]) -> FormT:
    """The body. Raises ApiError."""
    return decode_form(await request.body(), kind)


def key_of(request: AnyRequest) -> str | None:
    """The idempotency key. Raises ApiError."""
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and len(key) > MAX_KEY:
        raise ApiError(400, "parameter_invalid", f"The idempotency key is longer than {MAX_KEY} characters")
    return key


async def answered(work: Awaitable[Answer]) -> Response[Any]:
    """The response to what `work` comes to."""
    answer = await work
    match answer.fault:
        case Fault.LATE:
            await asyncio.sleep(LATE)
        case Fault.TIMES_OUT | Fault.LOST:
            await asyncio.sleep(SILENCE)
            return Response({"error": {"type": "api_error", "message": "Timed out"}}, status_code=504)
    return Response(answer.body, status_code=answer.status)


def refused(_: AnyRequest, error: ApiError) -> Response[Any]:
    """A refusal in Stripe's shape."""
    return Response(error.body, status_code=error.status)


def mismatched(_: AnyRequest, _error: IdempotencyMismatch) -> Response[Any]:
    """The key came before with other parameters."""
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with."
    )
    return Response({"error": {"type": "idempotency_error", "message": message}}, status_code=400)
