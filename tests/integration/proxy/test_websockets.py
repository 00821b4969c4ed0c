"""WebSockets through the proxy."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.integration.proxy.control import HOST, KEY, Control, configuration
from tests.integration.proxy.gateways import LIMIT, Gateway, gateway, until


@asynccontextmanager
async def over(
    control: Control, tmp_path: Path, handle: Any, **environment: str
) -> AsyncIterator[tuple[Gateway, list[ServerConnection]]]:
    """A proxy before a server of WebSockets, and the connections that this has got."""
    got: list[ServerConnection] = []

    async def remember(connection: ServerConnection) -> None:
        got.append(connection)
        await handle(connection)

    def choose(_: ServerConnection, offered: list[Any]) -> Any:
        return "other" if "other" in offered else None

    async with serve(remember, "127.0.0.1", 0, select_subprotocol=choose) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        document = configuration(f"http://127.0.0.1:{port}")
        document["policies"]["keyed"]["websocket"] = True
        control.set(document)
        control.issue(KEY)
        async with gateway(control, tmp_path, **environment) as proxy:
            yield proxy, got


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def client(proxy: Gateway, path: str = "/keyed", *, key: str | None = KEY, **options: Any) -> connect:
    headers = {"X-Hansa-Consumer": "root", **({"X-API-Key": key} if key else {})}
    return connect(
        f"ws://{HOST}{path}",
        host="127.0.0.1",
        port=proxy.port,
        additional_headers=headers,
        proxy=None,
        **options,
    )


async def test_messages_pass_both_ways(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, echo) as (proxy, got), asyncio.timeout(LIMIT):
        async with client(
            proxy, "/keyed/a?b=c", subprotocols=[Subprotocol("chat"), Subprotocol("other")]
        ) as socket:
            assert socket.subprotocol == "other"
            for message in ("text", b"bytes", "", "x" * 100_000):
                await socket.send(message)
                assert await socket.recv() == message
        (connection,) = got
        assert connection.request
        assert connection.request.path == "/keyed/a?b=c"
        assert connection.request.headers.get_all("x-hansa-consumer") == ["ada"]
        assert "x-api-key" not in connection.request.headers
        await until(lambda: connection.close_code == 1000)
        await until(lambda: control.counted() == 1)


async def test_the_upstreams_end_is_the_clients(control: Control, tmp_path: Path) -> None:
    async def end(connection: ServerConnection) -> None:
        await connection.close(4001, "enough")

    async with over(control, tmp_path, end) as (proxy, _), asyncio.timeout(LIMIT), client(proxy) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "enough")


async def test_a_client_that_is_lost_ends_the_upstreams(control: Control, tmp_path: Path) -> None:
    async with (
        over(control, tmp_path, echo) as (proxy, got),
        asyncio.timeout(LIMIT),
        client(proxy) as socket,
    ):
        await socket.send("x")
        await socket.recv()
        socket.transport.abort()
        await until(lambda: got[0].close_code is not None)


@pytest.mark.parametrize(
    ("path", "key", "refusal"),
    [("/keyed", None, (401, "key")), ("/", None, (403, "upgrade")), ("/a//b", KEY, (400, "path"))],
)
async def test_a_handshake_is_refused_as_any_request(
    control: Control,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    path: str,
    key: str | None,
    refusal: tuple[int, str],
) -> None:
    async with over(control, tmp_path, echo) as (proxy, got):
        with pytest.raises(InvalidStatus) as refused:
            async with client(proxy, path, key=key):
                pass
        response = refused.value.response
        assert (response.status_code, json.loads(response.body or b"")["policy"]) == refusal
        assert got == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == [], (
        "a refusal is no failure"
    )


async def test_an_upstream_that_takes_none_is_told(control: Control, tmp_path: Path) -> None:
    control.set(configuration("http://127.0.0.1:1"))
    document = configuration("http://127.0.0.1:1")
    document["policies"]["open"]["websocket"] = True
    control.set(document)
    async with gateway(control, tmp_path) as proxy:
        with pytest.raises(InvalidStatus) as refused:
            async with client(proxy, "/"):
                pass
        assert refused.value.response.status_code == 502


async def test_a_name_that_leads_inside_is_not_followed(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, echo, HANSA_TENANTS_INNER_UPSTREAMS="false") as (proxy, got):
        with pytest.raises(InvalidStatus) as refused:
            async with client(proxy):
                pass
        assert refused.value.response.status_code == 502
        assert got == []


async def test_a_client_that_does_not_read_makes_the_upstream_wait(control: Control, tmp_path: Path) -> None:
    sent = 0

    async def flood(connection: ServerConnection) -> None:
        nonlocal sent
        for _ in range(2000):
            await connection.send(b"x" * 65_536)
            sent += 1

    async with (
        over(control, tmp_path, flood) as (proxy, _),
        asyncio.timeout(LIMIT),
        client(proxy, max_queue=1) as socket,
    ):
        last, still = -1, 0
        while still < 15:
            await asyncio.sleep(0.03)
            still = still + 1 if sent == last and sent else 0
            last = sent
        assert sent < 1500
        socket.transport.abort()
