"""Source streams in the response to one POST request: server-sent events, or Apollo's multipart.

What the response's content type says counts, whichever was asked for; an answer that is no stream is its only event.
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (distinct connections mode)
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from collections.abc import AsyncGenerator, Callable

from common.http import Request, Response, ResponseTooLarge, TransportLimits
from common.streaming import StreamedResponse, Streams
from gateway.execution.answer import HTTP_ERROR, read_answer
from gateway.execution.errors import FetchError
from gateway.server.subscriptions.upstream.event_stream import EventStreamParser
from gateway.server.subscriptions.upstream.multipart import MultipartParser
from gateway.server.subscriptions.upstream.request import SourceRequest

EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
"""As Apollo Client writes it: servers compare it as a text."""

MAX_SIZE = TransportLimits().max_response_size
_JSON = ("content-type", "application/json")


async def http_events(
    streams: Streams, path: str, request: SourceRequest, accept: str, established: Callable[[], None]
) -> AsyncGenerator[bytes, None]:
    """The events until the subgraph completes, each of 32 MiB at most. Raises FetchError and TransportError."""
    headers = (_JSON, ("accept", accept), *request.headers)
    async with streams.send(Request(path=path, body=request.body, headers=headers)) as response:
        established()
        parser = _parser(response)
        if parser is None:
            yield await _only_event(response)
            return
        async for piece in response.pieces:
            for event in parser.feed(piece):
                yield event
            if parser.is_complete:
                return
    raise FetchError(HTTP_ERROR, "the stream ended before it was complete")


def _parser(response: StreamedResponse) -> EventStreamParser | MultipartParser | None:
    if response.status >= 300:
        return None
    content_type = response.header("content-type")
    match content_type.partition(";")[0].strip().lower():
        case "text/event-stream":
            return EventStreamParser(MAX_SIZE)
        case "multipart/mixed":
            return MultipartParser(content_type, MAX_SIZE)
    return None


async def _only_event(response: StreamedResponse) -> bytes:
    body = b""
    async for piece in response.pieces:
        body += piece
        if len(body) > MAX_SIZE:
            raise ResponseTooLarge(f"more than {MAX_SIZE} bytes")
    read_answer(Response(response.status, response.headers, body))
    return body
