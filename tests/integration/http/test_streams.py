"""A request's body that is sent while it comes, over a socket and in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from common.http import Http2, Request, TimeoutError_, Transport, TransportError, open_transport
from tests.integration.http.http2_peers import hypercorn

LARGE = [b"a" * 100_000, b"", b"b" * 100_000]


async def answer(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


class BrokenError(TransportError):
    """What gives the body cannot go on."""


class App:
    """Keeps what it was sent, and answers at the end or, told so, at the first piece."""

    def __init__(self, *, early: bool = False) -> None:
        self.pieces: list[bytes] = []
        self.started = asyncio.Event()
        self.last: Any = None
        self.ended = asyncio.Event()
        self.headers: dict[bytes, bytes] = {}
        self._early = early

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.headers = dict(scope["headers"])
        try:
            await self._read(receive)
            if self.last["type"] == "http.request":
                await answer(send)
        finally:
            self.ended.set()

    async def _read(self, receive: Any) -> None:
        self.last = {"more_body": True}
        while self.last.get("more_body"):
            self.last = await receive()
            self.pieces.append(self.last.get("body", b""))
            self.started.set()
            if self._early:
                return


@pytest.fixture(params=["HTTP/1.1", "HTTP/2", "in process"])
async def open_to(request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Any]]:
    """Opens a transport to an app, behind a server or in this process."""
    async with AsyncExitStack() as servers:

        async def open_(app: App) -> Transport:
            if request.param == "in process":
                return open_transport("app://app/", apps={"app": app})
            url = await servers.enter_async_context(hypercorn(app))
            return open_transport(url, http2=Http2.ONLY if request.param == "HTTP/2" else Http2.DISABLE)

        yield open_


async def pieces(*parts: bytes, then: Any = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if isinstance(then, Exception):
        raise then
    if then is not None:
        await then()


def streaming(stream: AsyncIterator[bytes]) -> Request:
    return Request(stream=stream)


async def test_all_pieces_arrive_in_order(open_to: Callable[..., Any]) -> None:
    app = App()
    transport = await open_to(app)
    assert (await transport.send(streaming(pieces(*LARGE)))).body == b"ok"
    assert b"".join(app.pieces) == b"".join(LARGE)
    assert b"content-length" not in app.headers
    assert (await transport.send(Request(body=b"whole"))).body == b"ok"
    await transport.close()


async def test_a_piece_is_sent_before_the_next_one_is_there(open_to: Callable[..., Any]) -> None:
    app = App()
    transport = await open_to(app)
    async with asyncio.timeout(10):
        await transport.send(streaming(pieces(b"first", then=app.started.wait)))
    await transport.close()


async def test_what_the_stream_raises_ends_the_request(open_to: Callable[..., Any]) -> None:
    app = App()
    transport = await open_to(app)
    with pytest.raises(BrokenError):
        await transport.send(streaming(pieces(b"first", then=BrokenError("gone"))))
    async with asyncio.timeout(10):
        await app.ended.wait()
    assert app.last["type"] == "http.disconnect"
    await transport.close()


async def test_an_early_answer_and_the_end_of_time_give_the_stream_up(open_to: Callable[..., Any]) -> None:
    never = asyncio.Event()
    for app, seconds in ((App(early=True), 10.0), (App(), 0.2)):
        transport = await open_to(app)
        stream = pieces(b"first", then=never.wait)
        if seconds > 1:
            assert (await transport.send(streaming(stream), timeout=seconds)).body == b"ok"
        else:
            with pytest.raises(TimeoutError_):
                await transport.send(streaming(stream), timeout=seconds)
            async with asyncio.timeout(10):
                await app.ended.wait()
            assert app.last["type"] == "http.disconnect"
        await transport.close()
