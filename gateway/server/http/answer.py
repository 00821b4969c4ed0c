"""Answers, and the status that an answer without data has (GraphQL over HTTP, section 6.4)."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gateway.server.errors import RequestError, error_body
from gateway.server.http.negotiation import JSON

if TYPE_CHECKING:
    from gateway.server.subscriptions.stream import ResponseStream


class Answer(Struct, frozen=True):
    """A whole response to the client, but for what every response carries; `rest` is what follows `body` later.

    `stream` is what there will be to answer to a subscription, in no framing yet.
    """

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    rest: AsyncIterator[bytes] | None = None
    stream: "ResponseStream | None" = None


def refusal(error: RequestError, media_type: str) -> Answer:
    """The answer to a request that is not run."""
    status = 200 if error.well_formed and media_type == JSON else error.status
    return Answer(status, media_type, msgspec.json.encode({"errors": error.errors}), error.headers)


def internal_error(media_type: str = JSON) -> Answer:
    """The answer where the router itself failed; what happened is in the log."""
    body = msgspec.json.encode({"errors": [error_body("Internal error", "INTERNAL_SERVER_ERROR")]})
    return Answer(500, media_type, body)
