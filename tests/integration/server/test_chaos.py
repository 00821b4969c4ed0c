"""Subgraphs and clients at their worst, each a real process or socket: others lose nothing by it."""

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import LOCAL, parse_config
from tests.integration.server.faults import OK
from tests.integration.server.test_faults import QUERY, ask, assert_partial, with_reviews_at

ROOT = Path(__file__).parents[3]
HALF_AN_ANSWER = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
client, _ = server.accept()
client.recv(65536)
client.sendall(b'HTTP/1.1 200 OK\\r\\ncontent-length: 1000\\r\\n\\r\\n{"data":{"_entities":[')
print("half", flush=True)
time.sleep(60)
"""
CLIENTS = 10_000
GROWTH_MB = 12
"""What half of them again may add to the worker's memory: 2 KB a request would."""
PATIENT = "traffic_shaping: {router: {timeout: 5m}, all: {timeout: 5m}}\n"


async def test_a_subgraph_that_is_killed_in_the_midst_of_its_answer(make_router: Any, client_of: Any) -> None:
    subgraph = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HALF_AN_ANSWER, stdout=asyncio.subprocess.PIPE
    )
    assert subgraph.stdout
    port = int(await subgraph.stdout.readline())
    asking = asyncio.create_task(
        ask(make_router(with_reviews_at(f"http://127.0.0.1:{port}/graphql")), client_of)
    )
    assert await subgraph.stdout.readline() == b"half\n"
    subgraph.kill()
    assert_partial(await asking, "SUBREQUEST_MALFORMED_RESPONSE", "malformed HTTP response")
    await subgraph.wait()


@pytest.mark.parametrize(
    "head", [b"content-length: 104857600\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n"]
)
async def test_a_body_of_100_mb_is_refused_before_it_is_all_there(
    make_router: Any, client_of: Any, head: bytes
) -> None:
    sent = 0
    piece = b"x" * 2**20

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + head)
        try:
            for _ in range(100):
                writer.write(b"100000\r\n" + piece + b"\r\n" if b"chunked" in head else piece)
                await writer.drain()
                sent += len(piece)
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await ask(make_router(with_reviews_at(f"http://127.0.0.1:{port}/graphql")), client_of)
    assert_partial(answer, "SUBREQUEST_HTTP_ERROR", "response too large")
    assert sent <= 48 * 2**20
    server.close()
    await server.wait_closed()


async def test_planning_that_takes_longer_than_the_routers_timeout(make_router: Any, client_of: Any) -> None:
    config = parse_config("traffic_shaping: {router: {timeout: 150ms}}", {})
    fields = " ".join(
        f"a{number}: products(first: {number}) {{name reviews {{body}}}}" for number in range(800)
    )
    began = time.perf_counter()
    answer = await ask(make_router(config), client_of, {"query": f"{{{fields}}}"})
    assert time.perf_counter() - began < 5
    assert answer.json()["errors"][0]["extensions"]["code"] == "GATEWAY_TIMEOUT"


async def test_a_client_that_sends_its_request_too_slowly(make_router: Any, serve: Any) -> None:
    config = parse_config("traffic_shaping: {router: {timeout: 200ms}}", {})
    async with serve(create_router_app(make_router(config))) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n"
        writer.write(head.encode() + b'{"query":')
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 504 ")
        writer.close()


# Ten thousand at once


class Client(asyncio.Protocol):
    """A connection that asks one request after another."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self._received = b""

    def ask(self) -> asyncio.Future[bytes]:
        """What is answered, head and body, to the one query of these tests."""
        self._received = b""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        body = msgspec.json.encode(QUERY)
        head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"}"):
            self._answer.set_result(self._received)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))


async def answers(port: int, count: int) -> list[bytes]:
    """What `count` clients get that ask at the same moment.

    They connect a few at a time, the last of whom asks on its own: so the worker has accepted them all, and the
    kernel's bounded queue of new connections plays no part.
    """
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    while len(clients) < count:
        connecting = [loop.create_connection(Client, "127.0.0.1", port) for _ in range(250)]
        clients += [client for _, client in await asyncio.gather(*connecting)]
        await clients[-1].ask()
    try:
        return await asyncio.gather(*[client.ask() for client in clients])
    finally:
        for client in clients:
            client.transport.abort()


@asynccontextmanager
async def worker(folder: Path, urls: dict[str, str]) -> AsyncIterator[tuple[int, int]]:
    """A `hansa serve` over subgraphs at `urls`; its port and process id."""
    config = folder / "router.yaml"
    config.write_bytes(PATIENT.encode() + msgspec.yaml.encode({"override_subgraph_url": urls}))
    command = [
        "serve",
        "--supergraph",
        ROOT / "tests/integration/server/supergraph.graphql",
        "--config",
        config,
    ]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("hansa"),
        *command,
        "--listen",
        "127.0.0.1:0",
        stderr=asyncio.subprocess.PIPE,
        env={"LOG_LEVEL": "WARNING"},
    )
    assert process.stderr
    try:
        line = (await process.stderr.readline()).decode()
        yield int(line.rpartition(":")[2].partition("/")[0]), process.pid
    finally:
        process.terminate()
        await process.communicate()


@asynccontextmanager
async def subgraph(data: bytes) -> AsyncIterator[str]:
    """A subgraph that answers everything with the same, a little later. Gives its URL."""

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = transport

        def data_received(self, _: bytes) -> None:
            answer = OK + b"content-length: %d\r\n\r\n%s" % (len(data), data)
            asyncio.get_running_loop().call_later(0.01, self._transport.write, answer)  # type: ignore[attr-defined] # a socket's transport writes

    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    finally:
        server.close()


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def test_ten_thousand_requests_at_once_are_answered_and_their_memory_serves_the_next(
    tmp_path: Path,
) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CLIENTS + 1000:
        pytest.skip(f"the system lets a process have {hard} open files only")
    products = b'{"data":{"products":[{"__typename":"Product","id":"1","name":"Chair"}]}}'
    reviews = b'{"data":{"_entities":[{"reviews":[{"body":"Good"}]}]}}'
    expected = b'{"data":{"products":[{"name":"Chair","reviews":[{"body":"Good"}]}]}}'
    async with (
        subgraph(products) as first,
        subgraph(reviews) as second,
        worker(tmp_path, {"products": first, "reviews": second}) as (port, pid),
    ):
        given = await answers(port, CLIENTS)
        refused = [answer for answer in given if not answer.endswith(expected)]
        assert all(b"failed: timed out" in answer for answer in refused)  # of a machine that is very busy
        assert len(refused) < CLIENTS / 10
        held = resident_mb(pid)
        await answers(port, CLIENTS // 2)
        assert resident_mb(pid) - held < GROWTH_MB


async def test_the_client_that_goes_away_is_one_of_many(make_router: Any, serve: Any) -> None:
    async with serve(create_router_app(make_router(LOCAL))) as url, httpx.AsyncClient(base_url=url) as client:
        tasks = [asyncio.create_task(client.post("/graphql", json=QUERY)) for _ in range(40)]
        await asyncio.sleep(0.02)
        for task in tasks[::2]:
            task.cancel()
        kept = await asyncio.gather(*tasks[1::2])
        assert [answer.status_code for answer in kept] == [200] * 20
