"""The router on a socket: when it accepts requests, and how it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.health import Health
from gateway.server.serving import ListenError, open_doors, open_listener, serve_router
from tests.integration.server.graph import products, respond, serve_lifespan

BODY = {"query": "{products {name}}"}


class Slow:
    """A subgraph that answers once it is released."""

    def __init__(self) -> None:
        self.asked, self.release = asyncio.Event(), asyncio.Event()
        self._app = products()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        await self.release.wait()
        await self._app(scope, receive, send)


async def test_a_request_in_flight_finishes_while_nothing_new_is_accepted(make_router: Any) -> None:
    slow, health = Slow(), Health()
    app = create_router_app(make_router(apps={"products": slow}), health=health)
    listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(serve_router(app, listener, health=health, stop=stop, started=started.set))
    await started.wait()
    async with httpx.AsyncClient(base_url=url) as client:
        request = asyncio.create_task(client.post("/graphql", json=BODY))
        await slow.asked.wait()
        assert (await health.ready())[0]
        stop.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not (await health.ready())[0]
        await asyncio.sleep(0.3)
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(base_url=url) as late:
                await late.get("/health/live")
        slow.release.set()
        answer = await request
        assert answer.json() == {"data": {"products": [{"name": "Chair"}, {"name": "Table"}]}}
        await serving


async def test_an_app_beside_is_served_until_the_last_request_has_ended(make_router: Any) -> None:
    slow, health = Slow(), Health()
    router = make_router(apps={"products": slow})
    stop, started = asyncio.Event(), asyncio.Event()
    with open_listener("127.0.0.1", 0) as free:
        side = f"127.0.0.1:{free.getsockname()[1]}"
    listener = open_listener("127.0.0.1", 0)
    serving = asyncio.create_task(
        serve_router(
            create_router_app(router),
            listener,
            health=health,
            stop=stop,
            started=started.set,
            beside=open_doors({side: create_router_app(router, health=health)}),
        )
    )
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        await started.wait()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        request = asyncio.create_task(client.post(url, json=BODY))
        await slow.asked.wait()
        assert (await client.get(f"http://{side}/health?ready")).status_code == 200
        stop.set()
        await asyncio.sleep(0)
        assert (await client.get(f"http://{side}/health?ready")).status_code == 503
        slow.release.set()
        assert (await request).status_code == 200
        await serving


def test_an_address_beside_that_is_taken_is_named() -> None:
    with open_listener("127.0.0.1", 0) as taken, open_listener("127.0.0.1", 0) as free:
        taken.listen()
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in (free, taken)]
        with pytest.raises(ListenError, match=f"{addresses[1]} cannot be listened on"):
            open_doors(dict.fromkeys(addresses, products()))


async def test_a_request_that_takes_longer_than_the_grace_is_cut(make_router: Any) -> None:
    slow, health = Slow(), Health()
    app = create_router_app(make_router(apps={"products": slow}), health=health)
    listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(
        serve_router(app, listener, health=health, stop=stop, started=started.set, grace=1)
    )
    await started.wait()
    async with httpx.AsyncClient(base_url=url) as client:
        request = asyncio.create_task(client.post("/graphql", json=BODY))
        await slow.asked.wait()
        stop.set()
        async with asyncio.timeout(10):
            await serving
        outcome = (await asyncio.gather(request, return_exceptions=True))[0]
    assert isinstance(outcome, httpx.HTTPError) or outcome.status_code >= 500


async def test_requests_are_accepted_only_after_the_lifespan_has_started(serve: Any) -> None:
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await asyncio.sleep(0.1)
            order.append("ready")
            await serve_lifespan(receive, send)

    async with serve(app):
        order.append("accepting")
    assert order == ["ready", "accepting"]


async def test_an_address_that_was_taken_meanwhile_is_named() -> None:
    first = open_listener("127.0.0.1", 0)
    second = open_listener(*first.getsockname())
    first.listen()
    with first, pytest.raises(ListenError, match="Address already in use"):
        await serve_router(products(), second, health=Health(), stop=asyncio.Event())


async def test_an_app_that_does_not_start_is_an_error() -> None:
    async def broken(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start"):
        await serve_router(broken, open_listener("127.0.0.1", 0), health=Health(), stop=asyncio.Event())


async def greeting(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await serve_lifespan(receive, send)
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


class Raw:
    """A connection that is written to byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int) -> AsyncIterator["Raw"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await asyncio.sleep(0.01)

    async def answer(self, *pieces: bytes) -> bytes:
        """The head of what is answered."""
        await self.send(*pieces)
        async with asyncio.timeout(5):
            head = await self._reader.readuntil(b"\r\n\r\n")
            if b"200 OK" in head:
                await self._reader.readexactly(5)
            return head

    async def is_closed(self) -> bool:
        async with asyncio.timeout(5):
            return not await self._reader.read()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


START = b"POST / HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        (START + b"a: " + b"x" * 100_000,),
        (START + b"a: " + b"x" * 40_000, b"x" * 40_000),
        (START, *[b"a%d: %s\r\n" % (n, b"x" * 1000) for n in range(66)]),
        (b"GET /" + b"x" * 70_000,),
        (START + b"content-length: 1\r\n\r\n1", START + b"a: " + b"x" * 70_000 + b"\r\n\r\n"),
    ],
)
async def test_a_head_without_end_is_refused(serve: Any, pieces: tuple[bytes, ...]) -> None:
    async with serve(greeting) as url, Raw.to(port_of(url)) as raw:
        head = await raw.answer(*pieces)
        if b"200 OK" in head:  # the first of two requests
            head = await raw.answer()
        assert head.startswith(b"HTTP/1.1 431 ")
        assert await raw.is_closed()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.server.protocol.HEAD_TIMEOUT", 0.3)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("before", [b"", START + b"content-length: 0\r\n\r\n"], ids=["first", "second"])
async def test_a_head_that_does_not_end_in_time_is_refused(serve: Any, before: bytes) -> None:
    async with serve(greeting) as url, Raw.to(port_of(url)) as raw:
        if before:
            assert (await raw.answer(before)).startswith(b"HTTP/1.1 200 ")
        assert (await raw.answer(START)).startswith(b"HTTP/1.1 408 ")
        assert await raw.is_closed()


@pytest.mark.usefixtures("hasty")
async def test_bytes_that_come_one_by_one_gain_no_time(serve: Any) -> None:
    async with serve(greeting) as url, Raw.to(port_of(url)) as raw:
        end = asyncio.create_task(raw.answer())
        await raw.send(START)
        while not end.done():
            await raw.send(b"a")
        with suppress(ConnectionResetError):  # by the byte that crossed the answer
            assert (await end).startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("hasty")
async def test_a_connection_on_which_nothing_ever_comes_is_closed(serve: Any) -> None:
    async with serve(greeting) as url, Raw.to(port_of(url)) as raw:
        assert await raw.is_closed()


@pytest.mark.usefixtures("hasty")
async def test_who_is_slow_with_a_second_head_still_gets_the_first_answer(serve: Any) -> None:
    release = asyncio.Event()

    async def late(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await release.wait()
        await greeting(scope, receive, send)

    async with serve(late) as url, Raw.to(port_of(url)) as raw:
        await raw.send(START + b"content-length: 0\r\n\r\n", START)
        await asyncio.sleep(0.5)
        release.set()
        assert (await raw.answer()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("size", [10, 60_000, 200_000])
async def test_a_large_body_is_no_large_head(serve: Any, size: int) -> None:
    request = START + b"content-length: %d\r\n\r\n" % size + b"x" * size
    end = request.index(b"\r\n\r\n") + 4
    async with serve(greeting) as url:
        for cut in (1, 30, end - 3, end - 2, end - 1, end, end + 1):
            async with Raw.to(port_of(url)) as raw:
                for _ in range(2):
                    assert (await raw.answer(request[:cut], request[cut:])).startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_keeps_its_connection_is_told_of_the_stop_before_it_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.server.protocol._LINGER", 1.0)
    listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    port = listener.getsockname()[1]
    serving = asyncio.create_task(
        serve_router(greeting, listener, health=Health(), stop=stop, started=started.set)
    )
    await started.wait()
    request = START + b"content-length: 0\r\n\r\n"
    async with Raw.to(port) as busy, Raw.to(port) as idle:
        for raw in (busy, idle):
            assert b"connection: close" not in await raw.answer(request)
        stop.set()
        await asyncio.sleep(0.3)
        assert b"connection: close" in await busy.answer(request)
        assert await busy.is_closed()
        assert await idle.is_closed()
    async with asyncio.timeout(5):
        await serving


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ((), "203.0.113.7", "127.0.0.1"),
        (("10.0.0.0/8",), "203.0.113.7", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.7", "203.0.113.7"),
        (("127.0.0.0/8", "10.0.0.0/8"), "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        (("127.0.0.1",), "198.51.100.1, 203.0.113.7", "203.0.113.7"),
    ],
)
async def test_a_clients_address_is_the_last_that_no_trusted_proxy_has(
    trusted: tuple[str, ...], forwarded: str, address: str
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(receive, send)
        else:
            await respond(send, scope["client"][0].encode(), b"text/plain")

    listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(
        serve_router(app, listener, health=Health(), stop=stop, started=started.set, trusted_proxies=trusted)
    )
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        await started.wait()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert (await client.get(url, headers={"x-forwarded-for": forwarded})).text == address
        stop.set()
        await serving
