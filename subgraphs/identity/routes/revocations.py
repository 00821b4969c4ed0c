"""The door by which verifiers learn of revocations."""

import gzip
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery

from common.app import refusals
from common.auth.revocation import Cursor
from common.auth.revocation.feed import FeedPage
from common.database import RetryableError
from common.errors import DomainError, OverloadedError
from subgraphs.identity.service.revocations import RevocationFeed

_WORTH_COMPRESSING = 1024  # bytes


class InvalidCursorError(DomainError):
    """`after` is not what an answer of this door leads to."""

    code = "INVALID_CURSOR"


def revocation_routes(feed: RevocationFeed) -> list[HTTPRouteHandler]:
    """The route handlers over `feed`."""

    @get("/revocations", summary="Revoked tokens", responses=described(FeedPage), logged=False)
    async def revocations(
        request: Request[Any, Any, Any], after: FromQuery[str] = "", wait: FromQuery[float] = 0.0
    ) -> Response[bytes]:
        try:
            page = await feed.page(read_cursors(after), wait)
        except RetryableError as error:
            raise OverloadedError("The revocations cannot be read now") from error
        return answer(msgspec.json.encode(page), request.headers.get("accept-encoding", ""))

    return [revocations]


def described(answer: type) -> dict[int, ResponseSpec]:
    """What the document says of an answer that is encoded by hand."""
    known = ResponseSpec(answer, generate_examples=False, description="What is new")
    return {200: known, **refusals(400, 503)}


def read_cursors(after: str) -> dict[str, Cursor]:
    """What `after` says. Raises InvalidCursorError."""
    try:
        return dict(Cursor.parse(after))
    except ValueError as error:
        raise InvalidCursorError("`after` is REGION:POSITION:FEED, several with commas between") from error


def answer(body: bytes, accepted: str = "") -> Response[bytes]:
    """JSON that nobody keeps, compressed where that is accepted and worth it."""
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if len(body) >= _WORTH_COMPRESSING and "gzip" in accepted:
        body = gzip.compress(body, compresslevel=5)
        headers["content-encoding"] = "gzip"
    return Response(body, headers=headers, media_type=MediaType.JSON)
