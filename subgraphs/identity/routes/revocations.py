"""The doors by which verifiers learn of revocations, and other regions of this one."""

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
from subgraphs.identity.service.replication import Replica, Teller
from subgraphs.identity.service.revocations import RevocationFeed

_WORTH_COMPRESSING = 1024  # bytes


class InvalidCursorError(DomainError):
    """`after` is not what an answer of this door leads to."""

    code = "INVALID_CURSOR"


def revocation_routes(feed: RevocationFeed) -> list[HTTPRouteHandler]:
    """The route handlers over `feed`."""

    @get("/revocations", summary="Revoked tokens", responses=_described(FeedPage), logged=False)
    async def revocations(
        request: Request[Any, Any, Any], after: FromQuery[str] = "", wait: FromQuery[float] = 0.0
    ) -> Response[bytes]:
        try:
            page = await feed.page(_cursors(after), wait)
        except RetryableError as error:
            raise OverloadedError("The revocations cannot be read now") from error
        return _answer(msgspec.json.encode(page), request.headers.get("accept-encoding", ""))

    return [revocations]


def region_routes(teller: Teller) -> list[HTTPRouteHandler]:
    """The door by which other regions follow this one."""

    @get("/region", summary="This region, for the others", responses=_described(Replica), logged=False)
    async def region(after: FromQuery[str] = "", wait: FromQuery[float] = 0.0) -> Response[bytes]:
        try:
            replica = await teller.replica(_cursors(after), wait)
        except RetryableError as error:
            raise OverloadedError("This region cannot tell of itself now") from error
        return _answer(msgspec.json.encode(replica), "")

    return [region]


def _described(answer: type) -> dict[int, ResponseSpec]:
    """What the document says of an answer that is encoded by hand."""
    known = ResponseSpec(answer, generate_examples=False, description="What is new")
    return {200: known, **refusals(400, 503)}


def _cursors(after: str) -> dict[str, Cursor]:
    try:
        return dict(Cursor.parse(after))
    except ValueError as error:
        raise InvalidCursorError("`after` is REGION:POSITION:FEED, several with commas between") from error


def _answer(body: bytes, accepted: str) -> Response[bytes]:
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if len(body) >= _WORTH_COMPRESSING and "gzip" in accepted:
        body = gzip.compress(body, compresslevel=5)
        headers["content-encoding"] = "gzip"
    return Response(body, headers=headers, media_type=MediaType.JSON)
