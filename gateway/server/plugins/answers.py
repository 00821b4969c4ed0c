"""What plugins answer, as the router's own answers."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.http.answer import Answer
from gateway.server.plugins.stages import GraphQLResponse, RouterResponse


class _Errors(Struct):
    errors: list[dict[str, Any]] = []


class EarlyAnswer(RequestError):  # noqa: N818 - says what happened
    """A plugin has answered in the stages' place; whoever has no use for an answer is refused with its errors."""

    def __init__(self, answer: Answer, *, is_final: bool) -> None:
        super().__init__(answer.status, _errors_of(answer.body))
        self.answer = answer
        self.is_final = is_final


def http_answer(exchange: Exchange, response: RouterResponse) -> Answer:
    """Of the router stage; the length of its body is told by whoever sends it."""
    media_type = response.headers.get("content-type", exchange.media_type)
    pairs = tuple(
        pair for pair in response.headers.pairs() if pair[0] not in ("content-type", "content-length")
    )
    return Answer(response.status, media_type, response.body, pairs)


def graphql_answer(exchange: Exchange, response: GraphQLResponse) -> Answer:
    """Of the stages below; its errors are those of the exchange."""
    exchange.errors = len(response.errors)
    return Answer(response.status, exchange.media_type, response.encode(), response.headers.pairs())


def _errors_of(body: bytes) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(body, type=_Errors).errors
    except msgspec.DecodeError:
        return []
