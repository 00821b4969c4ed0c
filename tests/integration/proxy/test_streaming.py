"""Bodies pass as they come, at the pace of whoever takes them, and end when either side goes."""

import asyncio
from pathlib import Path

from tests.integration.proxy.control import HOST, Control, configuration
from tests.integration.proxy.gateways import LIMIT, Gateway, gateway, until
from tests.integration.proxy.upstreams import Seen, Server, server

HEAD = f"Host: {HOST}\r\n"
PIECE = b"x" * 65_536


async def test_an_answer_passes_while_it_comes(control: Control, tmp_path: Path) -> None:
    may_end = asyncio.Event()

    async def slowly(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await may_end.wait()
        writer.write(b"0\r\n\r\n")

    async with server(slowly) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy, asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(f"GET / HTTP/1.1\r\n{HEAD}\r\n".encode())
            await reader.readuntil(b"hello\r\n")
            may_end.set()
            await reader.readuntil(b"0\r\n\r\n")
            writer.close()


async def test_a_request_passes_while_it_comes(control: Control, tmp_path: Path) -> None:
    got = asyncio.Event()

    async def read_first(_: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"hello\r\n")
        got.set()
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async with server(read_first, reads_body=False) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy, asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(
                f"POST / HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".encode()
            )
            await got.wait()
            writer.write(b"0\r\n\r\n")
            await reader.readuntil(b"ok")
            writer.close()


async def test_a_client_that_does_not_read_makes_the_upstream_wait(control: Control, tmp_path: Path) -> None:
    sent = 0

    async def flood(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (1000 * len(PIECE)))
        for _ in range(1000):
            writer.write(PIECE)
            await writer.drain()
            sent += len(PIECE)

    async with server(flood) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy, asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, limit=1024)
            writer.write(f"GET / HTTP/1.1\r\n{HEAD}\r\n".encode())
            await reader.readexactly(1000)
            await _until_still(lambda: sent)
            assert sent < 500 * len(PIECE)
            while await reader.read(2**20):
                if sent == 1000 * len(PIECE):
                    break
            writer.close()


async def test_an_upstream_that_does_not_read_makes_the_client_wait(control: Control, tmp_path: Path) -> None:
    may_read = asyncio.Event()

    async def wait_first(_: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_read.wait()
        await reader.readexactly(1000 * len(PIECE))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async with server(wait_first, reads_body=False) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy, asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            sent = 0

            async def send() -> None:
                nonlocal sent
                head = f"POST / HTTP/1.1\r\n{HEAD}Content-Length: {1000 * len(PIECE)}\r\n\r\n"
                writer.write(head.encode())
                for _ in range(1000):
                    writer.write(PIECE)
                    await writer.drain()
                    sent += len(PIECE)

            sending = asyncio.create_task(send())
            await _until_still(lambda: sent)
            assert sent < 500 * len(PIECE)
            may_read.set()
            await sending
            await reader.readuntil(b"ok")
            writer.close()


async def test_a_client_that_goes_takes_its_request_to_the_upstream_with_it(
    control: Control, tmp_path: Path
) -> None:
    async def never(_: Seen, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> bool:
        await reader.read()
        return False

    async with server(never) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(f"GET / HTTP/1.1\r\n{HEAD}\r\n".encode())
            await until(lambda: len(upstream.seen) == 1)
            writer.close()
            await until(lambda: upstream.closed == 1)
            await until(lambda: control.counted("requests") == 0 and upstream.connections == 1)


async def test_an_upstream_that_ends_in_the_midst_ends_the_answer_there(
    control: Control, tmp_path: Path
) -> None:
    async def half(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()
        return False

    async with server(half) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy:
            answer = await proxy.raw(f"GET / HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert answer.endswith(b"half")
    assert b"content-length: 100" in answer
    assert len(upstream.seen) == 1, "a request whose answer has begun is not sent again"


async def test_an_answer_before_the_body_is_passed_on(control: Control, tmp_path: Path) -> None:
    async def refuse(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    async with server(refuse, reads_body=False) as upstream:
        control.set(configuration(upstream.url))
        async with gateway(control, tmp_path) as proxy, asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(f"POST / HTTP/1.1\r\n{HEAD}Content-Length: 1000000\r\n\r\nstart".encode())
            assert b" 413 " in await reader.readuntil(b"\r\n\r\n")
            writer.close()


async def test_a_body_has_a_bound(control: Control, upstream: Server, tmp_path: Path) -> None:
    document = configuration(upstream.url)
    document["policies"]["open"]["max_body"] = 10
    control.set(document)
    async with gateway(control, tmp_path) as proxy:
        assert (await proxy.ask("/", method="POST", body=b"x" * 10)).status == 200
        reply = await proxy.ask("/", method="POST", body=b"x" * 11)
        assert (reply.status, reply.json["policy"]) == (413, "body")
        chunked = b"6\r\n123456\r\n6\r\n123456\r\n0\r\n\r\n"
        head = f"POST / HTTP/1.1\r\n{HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        assert b" 413 " in await proxy.raw(head + chunked)
        assert (await proxy.ask("/")).status == 200


async def test_a_client_that_sends_too_slowly_is_refused(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    upstreams = {"main": {"targets": [{"url": upstream.url}], "timeouts": {"idle": 0.2}}}
    control.set(configuration(upstreams))
    async with gateway(control, tmp_path) as proxy:
        answer = await proxy.raw(f"POST / HTTP/1.1\r\n{HEAD}Content-Length: 10\r\n\r\nslow".encode())
    assert b" 408 " in answer
    assert b'"policy":"body"' in answer
    assert all(not seen.body for seen in upstream.seen)


async def test_a_head_has_a_bound(proxy: Gateway) -> None:
    answer = await proxy.raw(f"GET / HTTP/1.1\r\n{HEAD}X: {'a' * 100_000}\r\n\r\n".encode())
    assert b" 431 " in answer


async def test_continue_is_said_once_the_body_is_wanted(proxy: Gateway) -> None:
    async with asyncio.timeout(LIMIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        head = f"POST {{}} HTTP/1.1\r\n{HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        writer.write(head.format("/").encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"ok")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(head.format("/keyed").encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401"), (
            "it is not wanted without a key"
        )
        writer.close()


async def _until_still(count: "object") -> None:
    """Returns once nothing more is sent: what waits has filled every buffer on the way."""
    assert callable(count)
    last, still = -1, 0
    while still < 10:
        await asyncio.sleep(0.03)
        still = still + 1 if count() == last and last > 0 else 0
        last = count()
