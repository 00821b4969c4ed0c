"""`python -m tests.benchmarks.serving`: what a request costs in the router besides planning and execution.

Microseconds of CPU time of this process, the median of several rounds; a server that is asked runs in another process.
Where the shared folder is there, the hand-written client of its floor is measured beside ours.
"""

import asyncio
import importlib.util
import logging
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from common.http import Request, Response, Transport, open_transport
from common.telemetry import configure_logging
from gateway.server.app import create_router_app
from gateway.server.metrics import Metrics
from gateway.server.process import settle
from gateway.server.router import Router
from gateway.server.subgraphs import SubgraphTransport
from gateway.supergraph import Supergraph
from tests.benchmarks.process import cpu_seconds

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("HANSA_SHARED", ROOT / "../shared")).resolve()
SUPERGRAPH = ROOT / "tests/integration/server/supergraph.graphql"
ROUNDS, REQUESTS, CONCURRENT = 7, 2000, 50
QUERY = b'{"query":"{__typename}"}'
HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/graphql-response+json, application/json;q=0.9"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
    ("hansa-client-address", "127.0.0.1"),
)
ASKED = Request(body=b"q" * 500, headers=HEADERS, idempotent=True)

Work = Callable[[], Awaitable[object]]


class Echo(asyncio.Protocol):
    """A server that does as little as can be: each request of one segment is answered with `size` bytes."""

    def __init__(self, size: int) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
        self._answer = head.encode() + b"x" * size

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        del data
        self._transport.write(self._answer)  # type: ignore[attr-defined] # a socket's transport writes


async def serve_echo(size: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Echo(size), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def echo(size: int) -> Iterator[int]:
    """The port of an `Echo` in another process."""
    command = [sys.executable, "-m", "tests.benchmarks.serving", "--echo", str(size)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def microseconds(work: Work) -> float:
    """CPU time of one `work`, fifty at a time."""

    async def repeat() -> None:
        for _ in range(REQUESTS // CONCURRENT):
            await work()

    rounds = []
    for _ in range(ROUNDS + 1):
        started = time.process_time()
        await asyncio.gather(*[repeat() for _ in range(CONCURRENT)])
        rounds.append((time.process_time() - started) / REQUESTS * 1e6)
    return statistics.median(rounds[1:])


def report(name: str, figure: float) -> None:
    sys.stdout.write(f"{name:64}{figure:8.1f}\n")
    sys.stdout.flush()


# A client's request


def ask(app: Any, query: bytes = QUERY) -> Work:
    """A client's request to an ASGI app, with what uvicorn's scope has and a client that stays."""

    async def work() -> None:
        sent = [{"type": "http.request", "body": query, "more_body": False}]
        gone = asyncio.Event()

        async def receive() -> Any:
            if sent:
                return sent.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            del message

        await app(scope(query), receive, send)

    return work


def scope(query: bytes) -> dict[str, Any]:
    headers = [
        (b"host", b"127.0.0.1:4000"),
        (b"user-agent", b"bench"),
        (b"accept", b"application/json"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(query)).encode()),
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 4000),
        "state": {},
    }


async def measure_requests(router: Router) -> None:
    app = create_router_app(router)
    logging.getLogger("hansa.router").setLevel(logging.WARNING)
    report("request, router alone, no access log", await microseconds(ask(router)))
    report("request, whole app, no access log", await microseconds(ask(app)))
    logging.getLogger("hansa.router").setLevel(logging.NOTSET)
    report("request, whole app", await microseconds(ask(app)))
    logging.getLogger("hansa.router").setLevel(logging.WARNING)


# A request to a subgraph


class Instant:
    """A transport that answers at once."""

    url = "instant:"
    _answer = Response(200, (), b"{}")

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        del request, timeout
        return self._answer

    async def close(self) -> None:
        """Nothing is open."""


async def answer(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    )
    await send({"type": "http.response.body", "body": b"{}"})


async def measure_transport(name: str, transport: Transport) -> None:
    report(name, await microseconds(lambda: transport.send(ASKED, timeout=30)))
    await transport.close()


async def measure_transports() -> None:
    around = SubgraphTransport("name", Instant(), timeout=30, metrics=Metrics())
    await measure_transport("subgraph's limits and metrics around a transport", around)
    await measure_transport("in process", open_transport("app://a/graphql", apps={"a": answer}))
    for size in (300, 84_000):
        with echo(size) as port:
            await measure_floor(port, size)
            url = f"http://127.0.0.1:{port}/graphql"
            await measure_transport(f"HTTP, {size} bytes in answer", open_transport(url))


async def measure_floor(port: int, size: int) -> None:
    file = SHARED / "benchmark/floor/rawclient.py"
    if not file.exists():
        return
    spec = importlib.util.spec_from_file_location("rawclient", file)
    assert spec
    assert spec.loader
    floor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(floor)
    pool = floor.Pool("127.0.0.1", port)

    async def work() -> None:
        await pool.post(floor.build("graphql", ASKED.body))

    report(f"HTTP, {size} bytes in answer, hand-written floor", await microseconds(work))
    for connection in pool.idle:
        connection.tr.abort()


# The start


def measure_start() -> None:
    """From the start of `hansa serve` to its first answer, on the benchmark's supergraph or a small one."""
    large = SHARED / "benchmark/data/supergraph.graphql"
    file = large if large.exists() else SUPERGRAPH
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    command = [ROOT / ".venv/bin/hansa", "serve", "--supergraph", file, "--listen", f"127.0.0.1:{port}"]
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            ask_until_answered(port)
            rounds.append((time.perf_counter() - began, cpu_seconds(process.pid)))
            process.terminate()
    seconds, cpu = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    sys.stdout.write(
        f"{'hansa serve, start to first answer: seconds, of CPU time':64}{seconds:8.2f}{cpu:8.2f}\n"
    )


def ask_until_answered(port: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", QUERY, {"content-type": "application/json"}
    )
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                assert b'"Query"' in answer.read()
                return
        except urllib.error.URLError:
            time.sleep(0.005)


async def measure() -> None:
    router = Router(Supergraph.from_sdl(SUPERGRAPH.read_text()), apps={"products": answer, "reviews": answer})
    settle()
    await measure_requests(router)
    await measure_transports()
    await router.close()


def main() -> None:
    is_echo = sys.argv[1:2] == ["--echo"]
    work = serve_echo(int(sys.argv[2])) if is_echo else measure()
    with Path(os.devnull).open("w") as nowhere, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        configure_logging("INFO", nowhere)
        runner.run(work)
    if not is_echo:
        measure_start()


if __name__ == "__main__":
    main()
