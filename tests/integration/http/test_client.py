"""The HTTP client against servers that behave well and badly."""

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from common.http import (
    ConnectError,
    ProtocolError,
    Request,
    ResponseTooLarge,
    TimeoutError_,
    Transport,
    TransportLimits,
    open_transport,
)

Make = Callable[..., Any]


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Transport]]:
    transports: list[Transport] = []

    def open_(server: Any, tls: ssl.SSLContext | None = None, **limits: Any) -> Transport:
        transports.append(open_transport(server.url, limits=TransportLimits(**limits), tls=tls))
        return transports[-1]

    yield open_
    for transport in transports:
        await transport.close()


async def echo(peer: Any) -> None:
    while True:
        _, body = await peer.request()
        await peer.respond(body)


def sending(data: bytes) -> Any:
    """Answers each request with these bytes and closes."""

    async def behave(peer: Any) -> None:
        await peer.request()
        await peer.send(data)

    return behave


async def test_the_request_as_the_server_reads_it(serve: Make, opened: Make) -> None:
    heads: list[bytes] = []

    async def behave(peer: Any) -> None:
        heads.append((await peer.request())[0])
        await peer.respond(b"ok", "X-Mixed: Case\r\n", "418 Teapot")

    server = await serve(behave)
    response = await opened(server).send(Request(body=b"{}", headers=(("accept", "a/b"),)))
    assert (response.status, response.header("x-mixed"), response.body) == (418, "Case", b"ok")
    host = server.url.split("/")[2].encode()
    assert heads[0] == (
        b"POST /graphql HTTP/1.1\r\nhost: " + host + b"\r\naccept-encoding: gzip, deflate\r\n"
        b"content-length: 2\r\naccept: a/b\r\n\r\n"
    )


async def test_connections_are_kept_and_bounded(serve: Make, opened: Make) -> None:
    server = await serve(echo)
    transport = opened(server, max_connections=3)
    bodies = [str(number).encode() for number in range(60)]
    responses = await asyncio.gather(*[transport.send(Request(body=body)) for body in bodies])
    assert [response.body for response in responses] == bodies
    assert server.connections == 3
    await transport.send(Request())
    assert server.connections == 3


async def test_a_connection_that_idled_long_is_not_used_again(serve: Make, opened: Make) -> None:
    server = await serve(echo)
    transport = opened(server, idle_timeout=0.01)
    await transport.send(Request())
    await asyncio.sleep(0.03)
    await transport.send(Request())
    assert server.connections == 2


async def close_after_one(peer: Any) -> None:
    """Answers, keeps the connection, and closes it when the next request has come."""
    await peer.request()
    await peer.respond(b"first" if peer.number == 1 else b"again")
    if peer.number == 1:
        await peer.request()


async def test_a_request_on_a_dead_kept_connection_is_sent_once_more(serve: Make, opened: Make) -> None:
    server = await serve(close_after_one)
    transport = opened(server)
    assert (await transport.send(Request())).body == b"first"
    assert (await transport.send(Request(idempotent=True))).body == b"again"
    assert server.connections == 2


async def test_a_request_that_may_have_had_an_effect_is_not_sent_again(serve: Make, opened: Make) -> None:
    server = await serve(close_after_one)
    transport = opened(server)
    await transport.send(Request())
    with pytest.raises(ConnectError) as raised:
        await transport.send(Request())
    assert raised.value.reason == "connection closed"
    assert server.connections == 1


async def test_a_server_that_closes_a_fresh_connection_is_asked_once(serve: Make, opened: Make) -> None:
    async def hang_up(peer: Any) -> None:
        await peer.request()

    server = await serve(hang_up)
    with pytest.raises(ConnectError):
        await opened(server).send(Request(idempotent=True))
    assert server.connections == 1


async def test_a_connection_that_the_server_closed_in_idleness_is_replaced(serve: Make, opened: Make) -> None:
    server = await serve(sending(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"))
    transport = opened(server)
    for _ in range(3):
        assert (await transport.send(Request())).body == b"x"
        await asyncio.sleep(0.01)
    assert server.connections == 3


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b'\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
        CHUNKED + b'\r\n7;ext=1\r\n{"a":1}\r\n0\r\ntrailer: x\r\n\r\n',
        b'HTTP/1.1 200 OK\r\n\r\n{"a":1}',
        b'HTTP/1.0 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}',
        b'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}garbage',
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b'{"a":1}', mtime=0),
    ],
)
@pytest.mark.parametrize("piece", [1, 10_000])
async def test_bodies_in_all_framings(serve: Make, opened: Make, data: bytes, piece: int) -> None:
    async def behave(peer: Any) -> None:
        await peer.request()
        for start in range(0, len(data), piece):
            await peer.send(data[start : start + piece])
            if piece == 1:
                await asyncio.sleep(0)

    assert (await opened(await serve(behave)).send(Request())).body == b'{"a":1}'


async def test_a_response_without_a_body(serve: Make, opened: Make) -> None:
    server = await serve(sending(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert (await opened(server).send(Request())).status == 204


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        CHUNKED + b"\r\n5\r\nhal",
        CHUNKED + b"\r\nzz\r\n",
        CHUNKED + b"content-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf",
    ],
)
async def test_what_is_no_whole_response_is_a_protocol_error(serve: Make, opened: Make, data: bytes) -> None:
    transport = opened(await serve(sending(data)))
    with pytest.raises(ProtocolError):
        await transport.send(Request(), timeout=5)


async def test_nothing_listens(opened: Make) -> None:
    class Nowhere:
        url = "http://127.0.0.1:1/graphql"

    with pytest.raises(ConnectError) as raised:
        await opened(Nowhere).send(Request())
    assert raised.value.reason == "connection refused"


async def test_an_unknown_host(opened: Make) -> None:
    class Nowhere:
        url = "http://no-such-host.invalid/graphql"

    with pytest.raises(ConnectError):
        await opened(Nowhere).send(Request())


async def stall(peer: Any) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    await asyncio.wait_for(peer.reader.read(), 5)  # ends when the client closes


@pytest.mark.parametrize("given", ["call", "limit"])
async def test_a_slow_response_times_out_and_its_connection_is_closed(
    serve: Make, opened: Make, given: str
) -> None:
    server = await serve(stall)
    transport = opened(server, response_timeout=0.05 if given == "limit" else 30.0)
    began = time.monotonic()
    with pytest.raises(TimeoutError_):
        await transport.send(Request(), timeout=0.05 if given == "call" else None)
    assert time.monotonic() - began < 2
    await asyncio.sleep(0.05)
    assert server.closed == 1


async def test_each_request_on_a_kept_connection_has_its_own_time(serve: Make, opened: Make) -> None:
    async def behave(peer: Any) -> None:
        while True:
            _, seconds = await peer.request()
            await asyncio.sleep(float(seconds))
            await peer.respond(seconds)

    server = await serve(behave)
    transport = opened(server)
    await transport.send(Request(body=b"0"), timeout=0.5)
    assert (await transport.send(Request(body=b"0.7"), timeout=5)).body == b"0.7"
    began = time.monotonic()
    with pytest.raises(TimeoutError_):
        await transport.send(Request(body=b"3"), timeout=0.1)
    assert time.monotonic() - began < 2
    assert server.connections == 1


async def test_waiting_for_a_connection_times_out(serve: Make, opened: Make) -> None:
    transport = opened(await serve(stall), max_connections=1)
    first = asyncio.ensure_future(transport.send(Request(), timeout=1))
    await asyncio.sleep(0.02)
    with pytest.raises(TimeoutError_):
        await transport.send(Request(), timeout=0.02)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_cancelling_closes_the_connection_and_frees_its_place(serve: Make, opened: Make) -> None:
    server = await serve(stall)
    transport = opened(server, max_connections=1)
    for closed in (1, 2, 3):
        task = asyncio.ensure_future(transport.send(Request()))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.02)
        assert server.closed == closed


async def test_cancelling_those_who_wait_leaves_the_others_their_turn(serve: Make, opened: Make) -> None:
    server = await serve(echo)
    transport = opened(server, max_connections=1)
    tasks = [asyncio.ensure_future(transport.send(Request(body=b"x" * 10))) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert all(result.status == 200 for result in results[1::2])  # type: ignore[union-attr] # checked by it


@pytest.mark.parametrize("framing", ["length", "chunked", "gzip"])
async def test_a_huge_body_is_refused_before_it_is_all_there(serve: Make, opened: Make, framing: str) -> None:
    sent = 0

    async def behave(peer: Any) -> None:
        nonlocal sent
        await peer.request()
        if framing == "gzip":
            await peer.respond(gzip.compress(bytes(20_000_000)), "content-encoding: gzip\r\n")
            return
        head = b"content-length: 100000000\r\n" if framing == "length" else b"transfer-encoding: chunked\r\n"
        await peer.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(1000):
            await peer.send(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
            sent += 100_000

    transport = opened(await serve(behave), max_response_size=1_000_000)
    with pytest.raises(ResponseTooLarge):
        await transport.send(Request(), timeout=10)
    assert sent < 50_000_000


async def test_a_large_request_waits_for_a_slow_reader(serve: Make, opened: Make) -> None:
    received = 0

    async def behave(peer: Any) -> None:
        nonlocal received
        await peer.reader.readuntil(b"\r\n\r\n")
        while received < 8_000_000:
            received += len(await peer.reader.read(1_000_000))
            await asyncio.sleep(0.001)
        await peer.respond(b"ok")

    response = await opened(await serve(behave)).send(Request(body=bytes(8_000_000)), timeout=10)
    assert (response.body, received) == (b"ok", 8_000_000)


async def test_an_answer_before_the_whole_request_was_read_is_taken(serve: Make, opened: Make) -> None:
    async def refuse(peer: Any) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.respond(b"no", "connection: close\r\n", "413 Content Too Large")
        await asyncio.wait_for(peer.reader.read(-1), 5)

    response = await opened(await serve(refuse)).send(Request(body=bytes(50_000_000)), timeout=5)
    assert response.status == 413


async def test_a_unix_socket(serve: Make, opened: Make, tmp_path: Path) -> None:
    server = await serve(echo, path=str(tmp_path / "s"))
    assert (await opened(server).send(Request(body=b"x"))).body == b"x"


@pytest.mark.parametrize(
    ("name", "value"), [("x", "a\r\ny: b"), ("x\ny", "a"), ("x", "a\rb"), ("x", "\u2603")]
)
async def test_what_no_header_can_hold_is_not_sent(serve: Make, opened: Make, name: str, value: str) -> None:
    transport = opened(await serve(echo))
    with pytest.raises(ProtocolError):
        await transport.send(Request(headers=((name, value),)))


async def test_unasked_bytes_on_an_idle_connection_close_it(serve: Make, opened: Make) -> None:
    async def behave(peer: Any) -> None:
        while True:
            _, body = await peer.request()
            await peer.respond(body)
            if peer.number == 1:
                await asyncio.sleep(0.01)
                await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")

    server = await serve(behave)
    transport = opened(server)
    await transport.send(Request(body=b"1"))
    await asyncio.sleep(0.05)
    assert (await transport.send(Request(body=b"2"))).body == b"2"
    assert server.connections == 2


async def test_closing_fails_what_is_under_way_and_what_waits(serve: Make, opened: Make) -> None:
    server = await serve(stall)
    transport = opened(server, max_connections=1)
    tasks = [asyncio.ensure_future(transport.send(Request())) for _ in range(3)]
    await asyncio.sleep(0.05)
    await transport.close()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert all(isinstance(result, ProtocolError | ConnectError) for result in results)
    assert server.connections == 1
