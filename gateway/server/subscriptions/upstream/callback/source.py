"""Source streams whose events a subgraph sends to a callback URL."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from common.http import Request, ResponseTooLarge
from common.streaming import StreamedResponse, Streams
from gateway.execution.answer import HTTP_ERROR, MALFORMED
from gateway.execution.errors import FetchError
from gateway.server.config.subscription import CallbackMode
from gateway.server.subscriptions.upstream.callback.registry import Callback, Callbacks
from gateway.server.subscriptions.upstream.over_http import MAX_SIZE
from gateway.server.subscriptions.upstream.request import SourceRequest

ACCEPT = "application/json;callbackSpec=1.0, application/json"
_JSON = ("content-type", "application/json")
_TIMEOUT = 30.0
"""Seconds that a subgraph has to check the URL and to answer."""


class _Answer(Struct):
    errors: list[Any] | None = None


_parameters = msgspec.json.Decoder(dict[str, Raw])
_answers = msgspec.json.Decoder(_Answer)


async def callback_events(
    streams: Streams,
    callbacks: Callbacks,
    config: CallbackMode,
    request: SourceRequest,
    established: Callable[[], None],
) -> AsyncGenerator[bytes, None]:
    """The events until the subgraph completes, each of 32 MiB at most. Raises FetchError and TransportError.

    A subgraph that was silent for two heartbeats is given up.
    """
    with callbacks.open(2 * config.heartbeat_interval or None) as callback:
        headers = (_JSON, ("accept", ACCEPT), *request.headers)
        refused = await _subscribe(
            streams, Request(body=_body(request, callback, config), headers=headers), callback
        )
        if refused is not None:
            yield refused
            return
        established()
        while (event := await callback.next()) is not None:
            yield event


def _body(request: SourceRequest, callback: Callback, config: CallbackMode) -> bytes:
    subscription = {
        "callbackUrl": f"{config.public_url.rstrip('/')}/{callback.id}",
        "subscriptionId": callback.id,
        "verifier": callback.verifier,
        "heartbeatIntervalMs": round(config.heartbeat_interval * 1000),
    }
    parameters: dict[str, Any] = dict(_parameters.decode(request.body))
    return msgspec.json.encode(parameters | {"extensions": {"subscription": subscription}})


async def _subscribe(streams: Streams, request: Request, callback: Callback) -> bytes | None:
    """The errors with which the subgraph refuses, as the only event there is."""
    try:
        async with asyncio.timeout(_TIMEOUT), streams.send(request) as response:
            body = await _read(response)
    except TimeoutError:
        raise FetchError(HTTP_ERROR, "the subgraph has not answered in time") from None
    if _has_errors(body, response.status):
        return body
    if response.status >= 300:
        raise FetchError(HTTP_ERROR, f"HTTP status {response.status}")
    if not callback.is_confirmed:
        raise FetchError(MALFORMED, "the subgraph has answered without having called back")
    callback.hear()
    return None


async def _read(response: StreamedResponse) -> bytes:
    body = b""
    async for piece in response.pieces:
        body += piece
        if len(body) > MAX_SIZE:
            raise ResponseTooLarge(f"more than {MAX_SIZE} bytes")
    return body


def _has_errors(body: bytes, status: int) -> bool:
    """Raises FetchError for an answer that is none of GraphQL's; an empty one is allowed."""
    if not body:
        return False
    try:
        return bool(_answers.decode(body).errors)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if status >= 300:
            return False
        raise FetchError(MALFORMED, "the response is not a GraphQL response") from error
