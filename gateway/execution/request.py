"""The request of a fetch: its bytes, all but the variables made once, and the way to an answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from common.http import NotSent, ProtocolError, Request, Response, TimeoutError_, Transport, TransportError
from gateway.execution.answer import HTTP_ERROR, MALFORMED, Answer, read_answer
from gateway.execution.caching import FetchCache
from gateway.execution.context import Execution, RequestContext
from gateway.execution.errors import FetchError
from gateway.execution.tracing import send_traced
from gateway.planning.plan import Fetch

_encode = msgspec.json.Encoder().encode
_logger = logging.getLogger(__name__)
_HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/graphql-response+json, application/json;q=0.9"),
)

EncodeBody = Callable[[Mapping[str, Any], Sequence[bytes]], bytes]


def compile_body(fetch: Fetch) -> EncodeBody:
    """Encodes a request from the client's variables and one JSON list of representations an entity fetch."""
    document = b'{"query":' + _encode(fetch.document)
    if fetch.operation_name is not None:
        document += b',"operationName":' + _encode(fetch.operation_name)
    names = tuple((name, _encode(name) + b":") for name in fetch.variables)
    lists = tuple(_encode(entity.variable) + b":" for entity in fetch.entities)
    if not names and not lists:
        constant = document + b"}"
        return lambda _variables, _representations: constant
    start = document + b',"variables":{'

    def encode_body(variables: Mapping[str, Any], representations: Sequence[bytes]) -> bytes:
        members = [key + _encode(variables[name]) for name, key in names if name in variables]
        members += [key + encoded for key, encoded in zip(lists, representations, strict=True)]
        return start + b",".join(members) + b"}}"

    return encode_body


def encode_request(fetch: Fetch, document: str, variables: Mapping[str, Any]) -> bytes:
    """A request of the fetch with another document than its own."""
    request: dict[str, Any] = {"query": document, "variables": variables}
    if fetch.operation_name is not None:
        request["operationName"] = fetch.operation_name
    return _encode(request)


async def ask(fetch: Fetch, body: bytes, execution: Execution) -> Answer:
    """Send `body` and read the answer, or read what the same body has been answered in this execution.

    Raises FetchError; what lies behind it is logged here.
    """
    try:
        known = execution.sent.recall(fetch.id, body)
        return read_answer(known or await _send(fetch, body, execution.context))
    except FetchError as error:
        _logger.warning("Request to subgraph %s failed: %s: %s", fetch.subgraph, error, error.__cause__)
        raise


async def send_recorded(fetch: Fetch, body: bytes, execution: Execution) -> Response:
    """Send `body` and record what comes of it for `ask`. Raises FetchError."""
    try:
        response = await _send(fetch, body, execution.context)
    except FetchError as error:
        execution.sent.record(fetch.id, body, error)
        raise
    execution.sent.record(fetch.id, body, response)
    return response


def _send(fetch: Fetch, body: bytes, context: RequestContext) -> Awaitable[Response]:
    """Raises FetchError, at once or when it is awaited."""
    transport = context.transports.get(fetch.subgraph)
    if transport is None:
        raise FetchError(HTTP_ERROR, "no such subgraph")
    request = Request(
        body=body,
        headers=_HEADERS + context.headers(fetch.subgraph),
        idempotent=fetch.operation_kind == "query",
    )
    if context.cache is not None and request.idempotent:
        return _ask_cache(context.cache, fetch, transport, context, request)
    return _transmit(fetch, transport, context, request)


async def _ask_cache(
    cache: FetchCache, fetch: Fetch, transport: Transport, context: RequestContext, request: Request
) -> Response:
    """What is told of is the cache's response, not the one that it may get for several. Raises FetchError."""
    untold = replace(context, on_response=None)
    response = await cache.answer(fetch, request, partial(_transmit, fetch, transport, untold))
    if context.on_response is not None:
        context.on_response(fetch, response)
    return response


async def _transmit(
    fetch: Fetch, transport: Transport, context: RequestContext, request: Request
) -> Response:
    """Raises FetchError."""
    remaining = _remaining(context)
    try:
        if context.tracer is None:
            response = await transport.send(request, timeout=remaining)
        else:
            response = await send_traced(context.tracer, fetch, transport, request, remaining)
    except TransportError as error:
        raise _failure(error, context) from error
    if context.on_response is not None:
        context.on_response(fetch, response)
    return response


def _remaining(context: RequestContext) -> float | None:
    if context.deadline is None:
        return None
    remaining = context.deadline - asyncio.get_running_loop().time()
    if remaining <= 0:
        raise FetchError("GATEWAY_TIMEOUT", "timed out")
    return remaining


def _failure(error: TransportError, context: RequestContext) -> FetchError:
    if isinstance(error, TimeoutError_) and context.deadline is not None:
        late = context.deadline <= asyncio.get_running_loop().time()
        return FetchError("GATEWAY_TIMEOUT" if late else HTTP_ERROR, error.reason)
    if isinstance(error, NotSent):
        return FetchError(error.code, error.reason)
    return FetchError(MALFORMED if isinstance(error, ProtocolError) else HTTP_ERROR, error.reason)
