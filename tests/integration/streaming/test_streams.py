"""Streams of a service: the same over TCP, a Unix socket, and in this process."""

import asyncio
import logging

import pytest

from common.http import ProtocolError, Request, TimeoutError_, TransportError, TransportLimits
from common.streaming import Streams, WebSocketClosed, open_streams
from tests.integration.streaming.conftest import App


async def test_pieces_come_as_they_are_sent(streams: Streams, app: App) -> None:
    async with streams.send(Request(body=b"{}", headers=(("accept", "text/event-stream"),))) as response:
        assert (response.status, response.header("x-kind")) == (200, "stream")
        pieces = aiter(response.pieces)
        for piece in (b"one", b"two"):
            app.pieces.put_nowait(piece)
            assert await anext(pieces) == piece
        app.pieces.put_nowait(None)
        assert b"".join([piece async for piece in pieces]) == b""
    scope, body = app.requests[0]
    assert (scope["path"], body) == ("/graphql", b"{}")
    assert (b"accept", b"text/event-stream") in scope["headers"]


async def test_who_leaves_is_told_to_the_service(streams: Streams, app: App) -> None:
    async with streams.send(Request()) as response:
        assert response.status == 200
    await app.gone.wait()


async def test_a_response_that_breaks_off_is_an_error(
    streams: Streams, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    async with streams.send(Request()) as response:
        app.pieces.put_nowait(b"one")
        pieces = aiter(response.pieces)
        assert await anext(pieces) == b"one"
        app.pieces.put_nowait(b"break")
        with pytest.raises(TransportError):
            await anext(pieces)


async def test_a_service_that_says_nothing_is_given_up(streams: Streams) -> None:
    with pytest.raises(TimeoutError_):
        async with streams.send(Request(path="/silent")):
            pass


async def test_texts_go_both_ways_over_a_websocket(streams: Streams, app: App) -> None:
    async with streams.connect("/ws", "graphql-transport-ws", (("authorization", "Bearer x"),)) as socket:
        for text in ("one", "two"):
            await socket.send(text)
            assert await socket.receive() == text
    await app.gone.wait()
    scope, _ = app.requests[0]
    assert (scope["path"], scope["subprotocols"]) == ("/ws", ["graphql-transport-ws"])
    assert (b"authorization", b"Bearer x") in scope["headers"]


async def test_a_websocket_that_is_closed_says_with_which_code(streams: Streams) -> None:
    async with streams.connect("", "graphql-transport-ws", ()) as socket:
        await socket.send("close")
        with pytest.raises(WebSocketClosed) as closed:
            await socket.receive()
        assert (closed.value.code, closed.value.reason) == (4400, "no")
        with pytest.raises(WebSocketClosed):
            await socket.send("more")


async def test_waiting_for_a_text_may_be_given_up_and_taken_up_again(streams: Streams) -> None:
    async with streams.connect("", "graphql-transport-ws", ()) as socket:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 0.01)
        await socket.send("late")
        assert await socket.receive() == "late"


@pytest.mark.parametrize("path", ["/refused", "/other"])
async def test_a_service_that_does_not_speak_the_subprotocol_is_an_error(streams: Streams, path: str) -> None:
    with pytest.raises(ProtocolError):
        async with streams.connect(path, "graphql-transport-ws", ()):
            pass


async def test_a_fast_service_waits_for_a_slow_reader(streams: Streams, app: App) -> None:
    async with streams.send(Request()) as response:
        for _ in range(200):
            app.pieces.put_nowait(b"x" * 100_000)
        await asyncio.sleep(0.2)
        assert not app.pieces.empty()
        app.pieces.put_nowait(None)
        assert sum([len(piece) async for piece in response.pieces]) == 20_000_000


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "unix:///nowhere.sock"])
async def test_nobody_there_is_an_error(url: str) -> None:
    streams = open_streams(url, limits=TransportLimits(connect_timeout=1.0))
    with pytest.raises(TransportError):
        async with streams.send(Request()):
            pass
    with pytest.raises(TransportError):
        async with streams.connect("", "graphql-transport-ws", ()):
            pass


def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="expected http://"):
        open_streams("ftp://x")
    with pytest.raises(ValueError, match="no application 'x'"):
        open_streams("app://x")


async def test_a_header_with_a_line_break_is_refused(streams: Streams) -> None:
    if streams.url.startswith("app:"):
        pytest.skip("no lines in process")
    with pytest.raises(ProtocolError):
        async with streams.send(Request(headers=(("a", "b\r\nc: d"),))):
            pass
