"""GraphQL over server-sent events, in distinct connections (graphql-sse's PROTOCOL.md): one operation, one response."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from litestar.types import Receive, Send

EVENT_STREAM = "text/event-stream"
SIGN_OF_LIFE = 10.0  # seconds of silence after which a comment is sent

_HEADERS = [
    (b"content-type", EVENT_STREAM.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """Each of `results`, JSON without line ends, as an event `next`, then `complete`; for `lifetime` seconds at most."""

    def __init__(self, results: AsyncGenerator[bytes, None], lifetime: float | None) -> None:
        self._results = results
        self._lifetime = lifetime

    async def send(self, receive: Receive, send: Send) -> None:
        """Answers until the end or until the client leaves; the results have been closed when it returns."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        sending = asyncio.create_task(_send_all(send, self._results))
        leaving = asyncio.create_task(_departure(receive))
        try:
            both = (sending, leaving)
            await asyncio.wait(both, timeout=self._lifetime, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.wait((sending, leaving))
        if not sending.cancelled():
            sending.result()
        await send({"type": "http.response.body", "body": b"event: complete\ndata:\n\n", "more_body": False})


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_all(send: Send, results: AsyncGenerator[bytes, None]) -> None:
    async with contextlib.aclosing(_with_signs_of_life(results)) as pieces:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _with_signs_of_life(results: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes]:
    waiting: asyncio.Task[bytes | None] | None = None
    try:
        while True:
            waiting = waiting or asyncio.create_task(_next(results))
            done, _ = await asyncio.wait((waiting,), timeout=SIGN_OF_LIFE)
            if not done:
                yield b":\n\n"
                continue
            result, waiting = waiting.result(), None
            if result is None:
                return
            yield b"event: next\ndata: " + result + b"\n\n"
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait((waiting,))
        await results.aclose()


async def _next(results: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(results, None)
