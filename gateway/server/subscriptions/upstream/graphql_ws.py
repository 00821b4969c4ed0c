"""Source streams over the WebSocket subprotocol `graphql-transport-ws`, one connection each.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, NoReturn

import msgspec
from msgspec import Raw, Struct

from common.streaming import Streams, WebSocket, WebSocketClosed
from gateway.execution.answer import HTTP_ERROR, MALFORMED
from gateway.execution.errors import FetchError
from gateway.server.subscriptions.upstream.request import SourceRequest

SUBPROTOCOL = "graphql-transport-ws"

_ID = "1"
_ACKNOWLEDGE_TIMEOUT = 10.0
_PING = b'{"type":"ping"}'.decode()
_PONG = b'{"type":"pong"}'.decode()


class _Message(Struct):
    type: str
    payload: Raw = Raw(b"null")


_decoder = msgspec.json.Decoder(_Message)


async def websocket_events(
    streams: Streams, path: str, request: SourceRequest, heartbeat: float, established: Callable[[], None]
) -> AsyncGenerator[bytes, None]:
    """The events until the subgraph completes. Raises FetchError and TransportError.

    The headers go with the handshake and, for subgraphs that read them there, as the payload of `connection_init`. A
    connection that is silent for `heartbeat` seconds is pinged, and given up after as many more; 0 for neither.
    """
    async with streams.connect(path, SUBPROTOCOL, request.headers) as socket:
        conversation = _Conversation(socket, heartbeat)
        try:
            await conversation.begin(request)
            established()
            async for event in conversation.events():
                yield event
        except WebSocketClosed as closed:
            raise FetchError(HTTP_ERROR, f"the WebSocket was closed with {closed}") from closed


class _Conversation:
    def __init__(self, socket: WebSocket, heartbeat: float) -> None:
        self._socket = socket
        self._heartbeat = heartbeat or None

    async def begin(self, request: SourceRequest) -> None:
        await self._send({"type": "connection_init", "payload": dict(request.headers)})
        try:
            async with asyncio.timeout(_ACKNOWLEDGE_TIMEOUT):
                message = await self._receive()
        except TimeoutError:
            raise FetchError(HTTP_ERROR, "the connection was not acknowledged in time") from None
        if message.type != "connection_ack":
            _refuse(message)
        await self._send({"id": _ID, "type": "subscribe", "payload": Raw(request.body)})

    async def events(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            match message.type:
                case "next":
                    yield bytes(message.payload)
                case "error":
                    yield b'{"errors":' + bytes(message.payload) + b"}"
                    return
                case "complete":
                    return
                case _:
                    _refuse(message)

    async def _receive(self) -> _Message:
        """The next message that is about the subscription."""
        while True:
            message = _decode(await self._listen())
            if message.type == "ping":
                await self._socket.send(_PONG)
            elif message.type != "pong":
                return message

    async def _listen(self) -> str | bytes:
        try:
            async with asyncio.timeout(self._heartbeat):
                return await self._socket.receive()
        except TimeoutError:
            await self._socket.send(_PING)
        try:
            async with asyncio.timeout(self._heartbeat):
                return await self._socket.receive()
        except TimeoutError:
            raise FetchError(HTTP_ERROR, "the subgraph does not answer pings") from None

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send(msgspec.json.encode(message).decode())


def _decode(text: str | bytes) -> _Message:
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise FetchError(MALFORMED, f"a message is none of {SUBPROTOCOL}") from error


def _refuse(message: _Message) -> NoReturn:
    raise FetchError(MALFORMED, f"a message of type {message.type!r} was not expected")
