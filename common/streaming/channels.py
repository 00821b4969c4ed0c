"""The two ends of one ASGI call: what the application sends is read here piece by piece, and the other way round."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from common.http import ConnectError, ProtocolError, TimeoutError_
from common.http.in_process import Message
from common.streaming.response import StreamedResponse
from common.streaming.websocket import WebSocketClosed

_ROOM = 16
"""Messages that wait for the other end before who sends them does."""

_END: Message = {"type": "end"}
_LOST = 1006
_NORMAL = 1000


class Ends(Protocol):
    """What an application is called with, and how both sides learn that the other is done."""

    async def receive(self) -> Message: ...

    async def send(self, message: Message) -> None: ...

    def leave(self) -> None:
        """Nobody listens to the application from now on; it is told."""
        ...

    def finish(self) -> None:
        """The application has ended."""
        ...


class _Queue:
    """Messages of one direction; none is kept once `leave` was called."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[Message] = asyncio.Queue(_ROOM)
        self._is_left = False
        self._is_finished = False

    async def put(self, message: Message) -> None:
        if not self._is_left:
            await self._messages.put(message)

    async def get(self) -> Message:
        """The next message; an end for ever once there will be no more."""
        if self._is_finished and self._messages.empty():
            return _END
        return await self._messages.get()

    def leave(self) -> None:
        self._is_left = True
        while not self._messages.empty():  # each lets one in that waits for room
            self._messages.get_nowait()

    def finish(self) -> None:
        self._is_finished = True
        if not self._messages.full():  # whoever waits for a message is woken
            self._messages.put_nowait(_END)


class ResponseChannel:
    """One request and the pieces of its response."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._sent = _Queue()
        self._left = asyncio.Event()
        self.send = self._sent.put
        self.finish = self._sent.finish

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._left.set()
        self._sent.leave()

    async def open(self, seconds: float) -> StreamedResponse:
        """The response once the application has begun it. Raises TransportError."""
        start = await _within(seconds, self._sent)
        if start["type"] != "http.response.start":
            raise ConnectError("the application ended without an answer")
        headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
        return StreamedResponse(start["status"], tuple(headers), self._pieces())

    async def _pieces(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._sent.get()
            if message is _END:
                raise ConnectError("the application ended in the midst of its answer")
            yield message.get("body", b"")
            more = message.get("more_body", False)


class SocketChannel:
    """One WebSocket."""

    def __init__(self) -> None:
        self._sent = _Queue()
        self._received = _Queue()

    async def open(self, subprotocol: str, seconds: float) -> "AppWebSocket":
        """The WebSocket once the application has accepted it. Raises TransportError."""
        await self._received.put({"type": "websocket.connect"})
        answer = await _within(seconds, self._sent)
        if answer["type"] != "websocket.accept":
            raise ProtocolError("the application did not accept the handshake")
        if answer.get("subprotocol") != subprotocol:
            raise ProtocolError(f"the application does not speak {subprotocol}")
        return AppWebSocket(self._sent, self._received)

    async def send(self, message: Message) -> None:
        await self._sent.put(message)

    async def receive(self) -> Message:
        message = await self._received.get()
        return {"type": "websocket.disconnect", "code": _NORMAL} if message is _END else message

    def leave(self) -> None:
        self._sent.leave()
        self._received.leave()
        self._received.finish()

    def finish(self) -> None:
        self._sent.finish()
        self._received.leave()


class AppWebSocket:
    """See `WebSocket`."""

    def __init__(self, sent: _Queue, received: _Queue) -> None:
        self._sent = sent
        self._received = received
        self._closed: WebSocketClosed | None = None

    async def send(self, text: str) -> None:
        if self._closed is not None:
            raise self._closed
        await self._received.put({"type": "websocket.receive", "text": text})

    async def receive(self) -> str | bytes:
        if self._closed is not None:
            raise self._closed
        message = await self._sent.get()
        if message["type"] == "websocket.send":
            text: str | bytes = message.get("text") or message.get("bytes") or ""
            return text
        code = message.get("code", _NORMAL) if message["type"] == "websocket.close" else _LOST
        self._closed = WebSocketClosed(code, message.get("reason") or "")
        raise self._closed


async def _within(seconds: float, queue: _Queue) -> Message:
    try:
        async with asyncio.timeout(seconds):
            return await queue.get()
    except TimeoutError as error:
        raise TimeoutError_("no answer in time") from error
