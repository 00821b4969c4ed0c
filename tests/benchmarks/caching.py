"""`python -m tests.benchmarks.caching`: what the benchmark's operation costs with all of it in the response cache.

Milliseconds of CPU time of this process for a request, the median of several rounds, which alternate; the benchmark's
subgraphs and Valkey run in others. Needs the shared folder and gcc.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from common.embedded import ValkeyServer
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.telemetry import configure_logging
from gateway.server.config import parse_config
from gateway.server.process import settle
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.benchmarks.serving import SHARED, Work, ask

BENCHMARK = SHARED / "benchmark"
ROUNDS, REQUESTS, CONCURRENT = 5, 500, 10
SUBGRAPHS = ("accounts", "inventory", "products", "reviews")


async def measure(folder: Path, port: int) -> None:
    valkey = ValkeyServer(ServerFolder(folder, server_account()))
    url = await valkey.start()
    urls = {name: f"http://127.0.0.1:{port}/{name}" for name in SUBGRAPHS}
    bare = f"override_subgraph_url: {urls}\n"
    cached = (
        f"response_cache: {{enabled: true, subgraph: {{all: {{ttl: 1h, redis: {{urls: ['{url}']}}}}}}}}\n"
    )
    supergraph = Supergraph.from_sdl((BENCHMARK / "data/supergraph.graphql").read_text())
    routers = [Router(supergraph, parse_config(config, {})) for config in (bare, bare + cached)]
    body = (BENCHMARK / "data/body.json").read_bytes()
    works = [ask(router, body) for router in routers]
    settle()
    rounds = [[await milliseconds(work) for work in works] for _ in range(ROUNDS + 1)][1:]
    asked, answered = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    ratio = statistics.median(cached / bare for bare, cached in rounds)
    sys.stdout.write(f"not cached {asked:.2f} ms, all cached {answered:.2f} ms, ratio {ratio:.2f}\n")
    for router in routers:
        await router.close()
    await valkey.stop()


async def milliseconds(work: Work) -> float:
    async def repeat() -> None:
        for _ in range(REQUESTS // CONCURRENT):
            await work()

    started = time.process_time()
    await asyncio.gather(*[repeat() for _ in range(CONCURRENT)])
    return (time.process_time() - started) / REQUESTS * 1e3


@contextmanager
def subgraphs(folder: Path) -> Iterator[int]:
    """The port of the benchmark's subgraphs: a slow origin, and before it a server that has seen every request."""
    origin, port = free_port(), free_port()
    subprocess.run(["gcc", "-O2", "-o", folder / "cache", BENCHMARK / "subgraphs/cache.c"], check=True)
    commands = (
        [sys.executable, BENCHMARK / "subgraphs/origin.py", str(origin)],
        [folder / "cache", str(port), str(origin), "0"],
    )
    processes = [
        subprocess.Popen(each, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for each in commands
    ]
    try:
        wait_for(origin)
        wait_for(port)
        yield port
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


def main() -> None:
    if not BENCHMARK.is_dir():
        sys.exit(f"{BENCHMARK} is absent: HANSA_SHARED names the folder that holds the benchmark")
    with tempfile.TemporaryDirectory() as name, subgraphs(Path(name)) as port:
        folder = Path(name) / "valkey"
        folder.mkdir()
        with (
            Path(os.devnull).open("w") as nowhere,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            configure_logging("WARNING", nowhere)
            runner.run(measure(folder, port))


if __name__ == "__main__":
    main()
