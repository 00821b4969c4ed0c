"""Requests over HTTP whose answer may be a stream: one operation each, or operations beside a reserved stream."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from msgspec.structs import replace

from gateway.server.asgi import Receive
from gateway.server.errors import RequestError, bad_request, error_body
from gateway.server.exchange import Exchange
from gateway.server.http.answer import Answer
from gateway.server.http.incremental import while_connected
from gateway.server.http.negotiation import JSON, negotiate
from gateway.server.http.request import HttpRequest
from gateway.server.pipeline import Pipeline
from gateway.server.subscriptions.clients.accepting import accepted_framing
from gateway.server.subscriptions.clients.framing import EVENT_STREAM, Framing, framed
from gateway.server.subscriptions.clients.reservations import Reservations
from gateway.server.traffic.door import AnswerRequest

_TOKEN_HEADER = b"x-graphql-event-stream-token"
_METHODS = "GET, POST, PUT, DELETE"


class StreamingDoor:
    """Answers what `takes` says; any other request is for the door that has always been there."""

    def __init__(self, pipeline: Pipeline, answer: AnswerRequest, reservations: Reservations) -> None:
        self._pipeline = pipeline
        self._answer = answer
        self._reservations = reservations

    def takes(self, request: HttpRequest) -> bool:
        """Whether a stream may be the answer, or is what the request is about."""
        return (
            request.method in ("PUT", "DELETE")
            or accepted_framing(request.header(b"accept")) is not None
            or _TOKEN_HEADER in request.headers
        )

    async def answer(self, exchange: Exchange, receive: Receive) -> Answer:
        """Raises RequestError for what is refused, and ClientDisconnected."""
        request = exchange.request
        token = _token(request)
        match request.method:
            case "PUT":
                return await self._reserve(exchange)
            case "GET" if token is not None:
                return await self._open(exchange, token, receive)
            case "POST" if token is not None:
                return await self._start(exchange, token, receive)
            case "DELETE" if token is not None:
                return self._stop(request, token)
            case "DELETE":
                raise bad_request("Only an operation of a reserved stream can be ended: its token is missing")
            case "GET" | "POST":
                return await self._one_operation(exchange, receive)
        error = error_body("GraphQL is served by GET and POST", "METHOD_NOT_ALLOWED")
        raise RequestError(405, [error], headers=(("allow", _METHODS),))

    async def _one_operation(self, exchange: Exchange, receive: Receive) -> Answer:
        accept = exchange.request.header(b"accept")
        framing = accepted_framing(accept)
        exchange.takes_events = framing is not None
        exchange.media_type = _media_type(accept, framing)
        try:
            answer = await self._answer(exchange, receive)
        except RequestError as error:
            if framing is not EVENT_STREAM or not error.well_formed:
                raise
            exchange.errors = len(error.errors)
            return _whole(EVENT_STREAM.failed(error.errors))
        if answer.stream is not None and framing is not None:
            return _begun(framing, while_connected(framed(answer.stream, framing), receive))
        if framing is EVENT_STREAM and answer.rest is None and answer.status == 200:
            return _whole(EVENT_STREAM.next(answer.body) + EVENT_STREAM.ending)
        return answer

    async def _reserve(self, exchange: Exchange) -> Answer:
        await self._pipeline.authenticate(exchange)
        return Answer(201, "text/plain", self._reservations.make().token.encode())

    async def _open(self, exchange: Exchange, token: str, receive: Receive) -> Answer:
        await self._pipeline.authenticate(exchange)
        await receive()  # its body, which means nothing: what comes next is the client's going away
        events = self._reservations.open(token)
        return _begun(EVENT_STREAM, while_connected(events, receive))

    async def _start(self, exchange: Exchange, token: str, receive: Receive) -> Answer:
        carrier = self._reservations.find(token).carrier
        exchange.takes_events = True
        await self._pipeline.authenticate(exchange)
        parameters = await self._pipeline.parameters(exchange, receive)
        id_ = (parameters.extensions or {}).get("operationId")
        if not isinstance(id_, str) or not id_:
            raise bad_request("The operation needs `extensions.operationId`")
        if id_ in carrier:
            raise RequestError(409, [error_body(f"Operation {id_!r} is running", "OPERATION_EXISTS")])
        if carrier.is_full:
            raise RequestError(429, [error_body("Too many operations", "TOO_MANY_OPERATIONS")])
        carrier.start(id_, replace(exchange), parameters, self._pipeline)
        return Answer(202, "text/plain", b"")

    def _stop(self, request: HttpRequest, token: str) -> Answer:
        self._reservations.find(token).carrier.stop(_parameter(request, "operationId") or "")
        return Answer(200, "text/plain", b"")


def _begun(framing: Framing, rest: AsyncIterator[bytes]) -> Answer:
    return Answer(200, framing.media_type, framing.opening, framing.headers, rest)


def _whole(body: bytes) -> Answer:
    return Answer(200, EVENT_STREAM.media_type, body, EVENT_STREAM.headers)


def _media_type(accept: str | None, framing: Framing | None) -> str:
    """That of an answer which is no stream: who takes a stream takes JSON. Raises RequestError (406)."""
    try:
        return JSON if framing is EVENT_STREAM else negotiate(accept)
    except RequestError:
        if framing is None:
            raise
        return JSON


def _token(request: HttpRequest) -> str | None:
    return request.header(_TOKEN_HEADER) or _parameter(request, "token")


def _parameter(request: HttpRequest, name: str) -> str | None:
    found = parse_qs(request.query_string.decode("latin-1"), max_num_fields=100).get(name)
    return found[-1] if found else None
