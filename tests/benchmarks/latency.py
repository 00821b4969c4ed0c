"""How long the benchmark's operation takes over slow subgraphs, beside the chain of upstream calls that it must wait for."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from common.http import ConnectError, Request, Response, Transport, open_transport
from gateway.execution import RequestContext, compile_plan
from gateway.planning import Planner
from gateway.planning.plan import QueryPlan
from gateway.supergraph import Supergraph

REPETITIONS = 200
PORT = 4401


class _Timed:
    """A transport that notes how long each request took."""

    def __init__(self, inner: Transport, seconds: list[float]) -> None:
        self.url = inner.url
        self._inner = inner
        self._seconds = seconds

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - the protocol's
        start = time.perf_counter()
        response = await self._inner.send(request, timeout=timeout)
        self._seconds.append(time.perf_counter() - start)
        return response

    async def close(self) -> None:
        await self._inner.close()


def measure(workspace: Path, delay: int) -> None:
    """Prints the median of one client, one request at a time, and of the chain: as many calls as the plan is deep."""
    supergraph = Supergraph.from_sdl((workspace / "data/supergraph.graphql").read_text())
    body = (workspace / "data/body.json").read_bytes()
    plan = Planner(supergraph).plan(json.loads(body)["query"])
    call = asyncio.run(_upstream_call(supergraph, plan))
    served = _served(workspace, body)
    chain = plan.depth * call
    sys.stdout.write(
        f"subgraphs wait {delay} ms: p50 {served * 1000:.2f} ms, chain of {plan.depth} calls {chain * 1000:.2f} ms,"
        f" ratio {served / chain:.2f}\n"
    )


async def _upstream_call(supergraph: Supergraph, plan: QueryPlan) -> float:
    """The median seconds of one call, in the course of the operation's execution."""
    seconds: list[float] = []
    transports = {
        name: _Timed(open_transport(found.url), seconds) for name, found in supergraph.subgraphs.items()
    }
    compiled = compile_plan(plan, supergraph)
    compiled.prepare({})
    context = RequestContext(transports=transports, headers=lambda _: ())
    for _ in range(REPETITIONS // plan.depth):
        await compiled.execute({}, context)
    for transport in transports.values():
        await transport.close()
    return statistics.median(seconds)


def _served(workspace: Path, body: bytes) -> float:
    """The median seconds of a request to the router in a process of its own."""
    supergraph = workspace / "data/supergraph.graphql"
    hansa = Path(sys.executable).with_name("hansa")
    command = [hansa, "serve", "--supergraph", supergraph, "--listen", f"127.0.0.1:{PORT}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            return asyncio.run(_ask_often(body))
        finally:
            process.terminate()


async def _ask_often(body: bytes) -> float:
    transport = open_transport(f"http://127.0.0.1:{PORT}/graphql")
    request = Request(body=body, headers=(("content-type", "application/json"),), idempotent=True)
    await _until_served(transport, request)
    seconds = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        response = await transport.send(request)
        seconds.append(time.perf_counter() - start)
        assert response.status == 200, response.body
    await transport.close()
    return statistics.median(seconds[REPETITIONS // 10 :])


async def _until_served(transport: Transport, request: Request) -> None:
    for _ in range(200):
        try:
            await transport.send(request)
        except ConnectError:
            await asyncio.sleep(0.05)
        else:
            return
    sys.exit("the router did not start")
