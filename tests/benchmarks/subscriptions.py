"""`python -m tests.benchmarks.subscriptions`: many WebSocket clients over one source stream, a stalled one among them.

A router of its own process, as `hansa serve` runs it; the subgraph, on Strawberry, and the clients share another one, so
that latencies are of one clock and hold the clients' own work, too.

    python -m tests.benchmarks.subscriptions --clients 1000 --events 50
"""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from common.streaming import Streams, WebSocket, open_streams
from tests.integration.subscriptions.clients import PRICES, SUBPROTOCOL
from tests.integration.subscriptions.graph import Changes
from tests.integration.subscriptions.process import hansa_serve


async def main() -> None:
    options = _options()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    changes = Changes()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, router = await stack.enter_async_context(hansa_serve(folder, changes))
        measured = await _measure(options, changes, url, router.pid, stack)
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")


async def _measure(
    options: argparse.Namespace, changes: Changes, url: str, pid: int, stack: AsyncExitStack
) -> dict[str, object]:
    streams = open_streams(url)
    before = _memory(pid)
    sockets = [await _subscribe(streams, stack) for _ in range(options.clients)]
    await _subscribe(streams, stack)  # it never reads
    await changes.listeners(1)
    await asyncio.sleep(1)
    held, cpu = _memory(pid) - before, _cpu(pid)
    latencies: list[float] = []
    for number in range(options.events):
        began = time.perf_counter()
        await changes.publish(("1", number))
        ends = await asyncio.gather(*(_receive(socket) for socket in sockets))
        latencies += [end - began for end in ends]
    cuts = statistics.quantiles(latencies, n=100)
    deliveries = options.clients * options.events
    return {
        "clients": options.clients,
        "events": options.events,
        "source_streams": changes.opened,
        "delivered": len(latencies),
        "router_kib_a_client": round(held / options.clients / 1024, 1),
        "router_cpu_us_a_delivery": round((_cpu(pid) - cpu) / deliveries * 1e6, 1),
        "latency_ms": {"p50": round(cuts[49] * 1e3, 1), "p99": round(cuts[98] * 1e3, 1)},
    }


async def _subscribe(streams: Streams, stack: AsyncExitStack) -> WebSocket:
    socket = await stack.enter_async_context(streams.connect("", SUBPROTOCOL, ()))
    await socket.send('{"type":"connection_init"}')
    await socket.receive()
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": PRICES}}))
    return socket


async def _receive(socket: WebSocket) -> float:
    await socket.receive()
    return time.perf_counter()


def _memory(pid: int) -> int:
    """Bytes that the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def _cpu(pid: int) -> float:
    """Seconds of the processor that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--events", type=int, default=50)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
