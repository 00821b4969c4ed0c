"""Requests by HTTP/2: many on one connection, and what a peer may do to them."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame

from common.http import (
    ConnectError,
    Http2,
    ProtocolError,
    Request,
    ResponseTooLarge,
    TimeoutError_,
    Transport,
    TransportLimits,
    open_transport,
)
from tests.integration.http.http2_peers import App, Peer, hypercorn, peers

Open = Callable[..., Transport]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    transports: list[Transport] = []

    def open_(
        url: str, http2: Http2 = Http2.ONLY, tls: ssl.SSLContext | None = None, **limits: Any
    ) -> Transport:
        transports.append(open_transport(url, limits=TransportLimits(**limits), tls=tls, http2=http2))
        return transports[-1]

    yield open_
    for transport in transports:
        await transport.close()


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


# Agreeing on the protocol


async def test_known_to_speak_it_without_tls(opened: Open) -> None:
    app = App()
    async with hypercorn(app) as url:
        transport = opened(url)
        response = await transport.send(Request(body=b"{}", headers=(("Authorization", "Bearer a"),)))
        assert (response.status, response.body, response.header("x-version")) == (200, b"{}", "2")
        assert response.header("authorization") == "Bearer a"
        await transport.close()


@pytest.mark.parametrize("http2", [Http2.ENABLE, Http2.ONLY])
async def test_agreed_on_over_tls(opened: Open, certificate: Path, http2: Http2) -> None:
    async with hypercorn(App(), certificate) as url:
        transport = opened(url, http2, trusting(certificate))
        assert (await transport.send(Request())).header("x-version") == "2"
        await transport.close()


@pytest.mark.parametrize("http2", [Http2.ENABLE, Http2.DISABLE])
async def test_a_server_that_does_not_speak_it_is_asked_by_http_1(
    opened: Open, certificate: Path, http2: Http2
) -> None:
    async with hypercorn(App(), certificate, alpn_protocols=["http/1.1"]) as url:
        transport = opened(url, http2, trusting(certificate))
        for _ in range(2):
            assert (await transport.send(Request())).header("x-version") == "1.1"
        await transport.close()


async def test_a_server_that_must_speak_it_and_does_not_is_not_asked(opened: Open, certificate: Path) -> None:
    async with hypercorn(App(), certificate, alpn_protocols=["http/1.1"]) as url:
        with pytest.raises(ConnectError, match="does not speak HTTP/2"):
            await opened(url, Http2.ONLY, trusting(certificate)).send(Request())


async def test_without_tls_enabling_it_changes_nothing(opened: Open) -> None:
    async with hypercorn(App()) as url:
        transport = opened(url, Http2.ENABLE)
        assert (await transport.send(Request())).header("x-version") == "1.1"
        await transport.close()


# Many requests


async def test_requests_share_a_connection_and_are_bounded_by_what_the_peer_takes(opened: Open) -> None:
    app = App(seconds=0.02)
    async with hypercorn(app, h2_max_concurrent_streams=3) as url:
        transport = opened(url)
        bodies = [str(number).encode() for number in range(20)]
        responses = await asyncio.gather(*[transport.send(Request(body=body)) for body in bodies])
        assert [response.body for response in responses] == bodies
        assert (app.most, len(app.clients)) == (3, 1)
        await transport.close()


async def test_requests_are_bounded_by_ones_own_limit(opened: Open) -> None:
    app = App(seconds=0.02)
    async with hypercorn(app) as url:
        transport = opened(url, max_connections=2)
        await asyncio.gather(*[transport.send(Request()) for _ in range(6)])
        assert app.most == 2
        await transport.close()


async def test_bodies_larger_than_any_window_go_both_ways(opened: Open) -> None:
    async with hypercorn(App()) as url:
        transport = opened(url)
        bodies = [bytes([number]) * 3_000_000 for number in range(4)]
        responses = await asyncio.gather(*[transport.send(Request(body=body)) for body in bodies])
        assert [response.body for response in responses] == bodies
        await transport.close()


async def test_a_compressed_body_is_decoded(opened: Open) -> None:
    async def behave(peer: Peer) -> None:
        await peer.greet()
        (stream_id,) = await peer.requests(1)
        peer.h2.send_headers(stream_id, [(":status", "200"), ("content-encoding", "gzip")])
        peer.h2.send_data(stream_id, gzip.compress(b"text"), end_stream=True)
        await peer.flush()
        await peer.closed()

    async with peers(behave) as url:
        assert (await opened(url).send(Request())).body == b"text"


# Ends before the end


async def test_time_runs_out_and_the_connection_is_kept(opened: Open) -> None:
    app = App()
    async with hypercorn(app) as url:
        transport = opened(url)
        await transport.send(Request())
        app.seconds = 5
        with pytest.raises(TimeoutError_):
            await transport.send(Request(), timeout=0.3)
        app.seconds = 0
        assert (await transport.send(Request(body=b"x"))).body == b"x"
        assert (len(app.clients), app.gone) == (1, 1)
        await transport.close()


async def test_a_caller_that_goes_away_resets_its_stream_only(opened: Open) -> None:
    app = App()
    async with hypercorn(app) as url:
        transport = opened(url)
        await transport.send(Request())
        app.seconds = 1
        leaver, stayer = (asyncio.create_task(transport.send(Request(body=b"x"))) for _ in range(2))
        async with asyncio.timeout(5):
            await app.busy.wait()
        leaver.cancel()
        assert (await stayer).body == b"x"
        assert (leaver.cancelled(), app.gone) == (True, 1)
        await transport.close()


async def test_a_body_beyond_the_limit_is_refused_and_the_connection_kept(opened: Open) -> None:
    app = App()
    async with hypercorn(app) as url:
        transport = opened(url, max_response_size=100_000)
        with pytest.raises(ResponseTooLarge):
            await transport.send(Request(body=bytes(2_000_000)))
        assert (await transport.send(Request(body=b"x"))).body == b"x"
        assert len(app.clients) == 1
        await transport.close()


async def test_closing_fails_what_is_under_way(opened: Open) -> None:
    async with hypercorn(App(seconds=5)) as url:
        transport = opened(url)
        tasks = [asyncio.create_task(transport.send(Request())) for _ in range(3)]
        await asyncio.sleep(0.1)
        await transport.close()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert [type(result).__mro__[1] for result in results] == [ConnectError] * 3


# What a peer may do


async def test_a_peer_that_goes_away_ends_what_it_has_taken(opened: Open) -> None:
    async def behave(peer: Peer) -> None:
        await peer.greet()
        if peer.number == 2:
            (stream_id,) = await peer.requests(1)
            await peer.answer(stream_id, b"second")
            await peer.closed()
            return
        first, _ = await peer.requests(2)
        await peer.send(GoAwayFrame(0, last_stream_id=first).serialize())
        await asyncio.sleep(0.05)
        await peer.answer(first, b"first")
        await peer.closed()

    async with peers(behave) as url:
        transport = opened(url)
        responses = await asyncio.gather(*[transport.send(Request()) for _ in range(2)])
        assert [response.body for response in responses] == [b"first", b"second"]


@pytest.mark.parametrize("idempotent", [True, False])
async def test_a_stream_that_was_refused_is_sent_again(opened: Open, idempotent: bool) -> None:  # noqa: FBT001 - a parameter of the test
    async def behave(peer: Peer) -> None:
        await peer.greet()
        (refused,) = await peer.requests(1)
        peer.h2.reset_stream(refused, ErrorCodes.REFUSED_STREAM)
        await peer.flush()
        (again,) = await peer.requests(1)
        await peer.answer(again)
        await peer.closed()

    async with peers(behave) as url:
        assert (await opened(url).send(Request(idempotent=idempotent))).body == b"ok"


async def test_a_stream_that_was_reset_is_an_error_and_the_connection_kept(opened: Open) -> None:
    async def behave(peer: Peer) -> None:
        await peer.greet()
        (broken,) = await peer.requests(1)
        peer.h2.send_headers(broken, [(":status", "200")])
        peer.h2.reset_stream(broken, ErrorCodes.INTERNAL_ERROR)
        await peer.flush()
        (good,) = await peer.requests(1)
        await peer.answer(good)
        await peer.closed()

    async with peers(behave) as url:
        transport = opened(url)
        with pytest.raises(ProtocolError):
            await transport.send(Request(idempotent=True))
        assert (await transport.send(Request())).body == b"ok"


@pytest.mark.parametrize(("idempotent", "outcome"), [(True, b"again"), (False, "connection closed")])
async def test_a_kept_connection_that_is_lost(opened: Open, idempotent: bool, outcome: Any) -> None:  # noqa: FBT001 - a parameter of the test
    async def behave(peer: Peer) -> None:
        await peer.greet()
        (stream_id,) = await peer.requests(1)
        await peer.answer(stream_id, b"first" if peer.number == 1 else b"again")
        if peer.number == 1:
            await peer.requests(1)
        else:
            await peer.closed()

    async with peers(behave) as url:
        transport = opened(url)
        assert (await transport.send(Request())).body == b"first"
        try:
            result: Any = (await transport.send(Request(idempotent=idempotent))).body
        except ConnectError as error:
            result = error.reason
        assert result == outcome


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", ProtocolError),
        (b"\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01", ProtocolError),  # DATA of no stream
        (b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01", ConnectError),
        (b"\xff" * 100, ProtocolError),
    ],
)
async def test_a_peer_that_speaks_something_else(
    opened: Open, greeting: bytes, error: type[Exception]
) -> None:
    async def behave(peer: Peer) -> None:
        await peer.send(greeting)
        await peer.closed()

    async with peers(behave) as url:
        with pytest.raises(error):
            await opened(url).send(Request(), timeout=5)


async def test_a_peer_that_closes_or_is_not_there(opened: Open) -> None:
    async def hang_up(_: Peer) -> None: ...

    async with peers(hang_up) as url:
        with pytest.raises(ConnectError):
            await opened(url).send(Request(), timeout=5)
    with pytest.raises(ConnectError):
        await opened("http://127.0.0.1:1/").send(Request())


async def test_a_peer_that_never_greets(opened: Open) -> None:
    async def wait(peer: Peer) -> None:
        await peer.closed()

    async with peers(wait) as url:
        with pytest.raises(TimeoutError_):
            await opened(url, connect_timeout=0.1).send(Request())


@pytest.mark.parametrize(("name", "value"), [("x", "a\r\ny: b"), ("x\ny", "a"), ("x", "\u2603"), ("te", "x")])
async def test_what_no_header_can_hold_is_not_sent(opened: Open, name: str, value: str) -> None:
    async with hypercorn(App()) as url:
        transport = opened(url)
        with pytest.raises(ProtocolError):
            await transport.send(Request(headers=((name, value),)))
        await transport.close()
