"""Clients of our own, where what is on the wire is the subject; the real ones stand in tests/conformance."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from common.http import ASGIApp, Request
from common.streaming import StreamedResponse, WebSocket, open_streams

SUBPROTOCOL = "graphql-transport-ws"
PRICES = "subscription { priceChanged { id price } }"
NAMED_PRICES = "subscription { priceChanged { id price name } }"


@asynccontextmanager
async def streamed(
    router: ASGIApp, query: str = PRICES, accept: str = "text/event-stream", **options: Any
) -> AsyncIterator[StreamedResponse]:
    """The answer to a POST request."""
    headers = (("content-type", "application/json"), ("accept", accept), *options.pop("headers", ()))
    body = msgspec.json.encode({"query": query, **options})
    async with open_streams("app://router/graphql", apps={"router": router}).send(
        Request(body=body, headers=headers)
    ) as response:
        yield response


async def events(response: StreamedResponse) -> AsyncIterator[tuple[str, Any]]:
    """The events of an answer as names and decoded data; comments are left out."""
    rest = b""
    async for piece in response.pieces:
        *whole, rest = (rest + piece).split(b"\n\n")
        for event in whole:
            lines = dict(line.partition(b":")[::2] for line in event.split(b"\n"))
            if b"event" in lines:
                data = lines[b"data"].strip()
                yield lines[b"event"].strip().decode(), msgspec.json.decode(data) if data else None


async def parts(response: StreamedResponse) -> AsyncIterator[Any]:
    """The parts of a multipart answer, decoded; None at the last delimiter."""
    rest = b""
    async for piece in response.pieces:
        *whole, rest = (rest + piece).split(b"\r\n--graphql")
        for part in whole:
            if part:
                yield msgspec.json.decode(part.partition(b"\r\n\r\n")[2])
    assert rest == b"--\r\n"
    yield None


class Talk:
    """A conversation in graphql-transport-ws."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def say(self, **message: Any) -> None:
        await self._socket.send(msgspec.json.encode(message).decode())

    async def say_text(self, text: str) -> None:
        await self._socket.send(text)

    async def hear(self) -> Any:
        return msgspec.json.decode(await self._socket.receive())

    async def begin(self, payload: dict[str, Any] | None = None) -> None:
        await self.say(type="connection_init", **({"payload": payload} if payload else {}))
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, id_: str = "a", query: str = PRICES, **parameters: Any) -> None:
        await self.say(id=id_, type="subscribe", payload={"query": query, **parameters})


@asynccontextmanager
async def talking(
    router: ASGIApp, headers: tuple[tuple[str, str], ...] = (), subprotocol: str = SUBPROTOCOL
) -> AsyncIterator[Talk]:
    streams = open_streams("app://router/graphql", apps={"router": router})
    async with streams.connect("", subprotocol, headers) as socket:
        yield Talk(socket)
