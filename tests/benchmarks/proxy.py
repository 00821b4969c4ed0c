"""`python -m tests.benchmarks.proxy`: what a request costs the reverse proxy, beside other proxies of managed languages in one run.

All pass the same small answer of one upstream on, over kept connections. `hansa, keyed` also checks a key and two limits
by a real rate limiter, and all of ours write a log line and count usage for each request. The figures are microseconds of CPU
for a request, of the proxy's process, medians of rounds that alternate; read them as ratios. The peers are installed
under `.hansa/benchmark-proxy`.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import uvloop

from common.http import Request, open_transport
from tests.benchmarks.process import cpu_seconds
from tests.benchmarks.proxy_system import ANSWER, LIMITER_TOKEN, rate_limiter, upstream
from tests.integration.proxy.control import Control, configuration
from tests.integration.proxy.processes import app_server, program, proxy_process

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / ".hansa" / "benchmark-proxy"
FIRST_PORT = 4460
KEYS = 50
AIOHTTP = """
import asyncio, sys, aiohttp, uvloop
from aiohttp import web
async def pass_on(request):
    headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection")}
    body = request.content if request.body_exists else None
    async with request.app["client"].request(request.method, sys.argv[1] + request.path_qs, headers=headers, data=body) as answer:
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in ("connection", "transfer-encoding", "content-length")}
        response = web.StreamResponse(status=answer.status, headers=kept)
        response.content_length = answer.content_length
        await response.prepare(request)
        async for piece in answer.content.iter_any():
            await response.write(piece)
        await response.write_eof()
        return response
async def client(app):
    async with aiohttp.ClientSession(auto_decompress=False) as app["client"]:
        yield
app = web.Application()
app.cleanup_ctx.append(client)
app.router.add_route("*", "/{path:.*}", pass_on)
uvloop.install()
web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None)
"""
HTTP_PROXY = """
const http = require('http'), proxy = require('http-proxy').createProxyServer({target: process.argv[2], agent: new http.Agent({keepAlive: true, maxSockets: 256})});
http.createServer((request, response) => proxy.web(request, response)).listen(+process.argv[3], '127.0.0.1');
"""
FAST_PROXY = """
const http = require('http'), {proxy} = require('fast-proxy')({base: process.argv[2]});
http.createServer((request, response) => proxy(request, response, request.url, {})).listen(+process.argv[3], '127.0.0.1');
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.proxy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=3_000, help="for each proxy and round")
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    if not options.no_peers:
        _install()
    uvloop.run(_measure(options))


def _install() -> None:
    (WORKSPACE / "aiohttp_proxy.py").write_text(AIOHTTP)
    (WORKSPACE / "http-proxy.js").write_text(HTTP_PROXY)
    (WORKSPACE / "fast-proxy.js").write_text(FAST_PROXY)
    python = WORKSPACE / "venv/bin/python"
    uv = Path(sys.executable).with_name("uv")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, WORKSPACE / "venv"], check=True)
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, "aiohttp==3.14.5", "uvloop"], check=True
        )
    if shutil.which("npm") and not (WORKSPACE / "node_modules").exists():
        packages = ("http-proxy@1.18.1", "fast-proxy@2.2.0")
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", *packages], cwd=WORKSPACE, check=True
        )


async def _measure(options: argparse.Namespace) -> None:
    costs: dict[str, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(_own_upstream())
        limiter, _ = await stack.enter_async_context(rate_limiter(WORKSPACE / "servers", FIRST_PORT))
        proxies = {"hansa": await stack.enter_async_context(_hansa(url, limiter))}
        if not options.no_peers:
            proxies |= await _peers(stack, url)
        requests = {name: (proxies[name], _requests("/open")) for name in proxies}
        requests["hansa, keyed"] = (proxies["hansa"], _requests("/keyed", keyed=True))
        for number in range(options.rounds + 1):
            for name, ((port, pid), asked) in requests.items():
                cost = await _cost(port, pid, asked, options)
                if number:  # the first one connects and finds keys
                    costs[name].append(cost)
    own = costs["hansa, keyed"]
    sys.stdout.write(f"{'':24}{'µs of CPU':>12}{'to keyed':>12}\n")
    for name, rounds in costs.items():
        ratio = statistics.median(each / mine for each, mine in zip(rounds, own, strict=True))
        sys.stdout.write(f"{name:24}{statistics.median(rounds):12.0f}{ratio:12.2f}\n")


@asynccontextmanager
async def _own_upstream() -> AsyncIterator[str]:
    """In a process of its own, so that it does not wait for the clients."""
    port = FIRST_PORT + 1
    command = (sys.executable, "-m", "tests.benchmarks.proxy", str(port))
    async with program((), {}, WORKSPACE / "upstream.log", f"http://127.0.0.1:{port}/", command=command):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _hansa(url: str, limiter: str) -> AsyncIterator[tuple[int, int]]:
    control = Control()
    document = configuration(url, hosts=["127.0.0.1"])
    document["policies"]["keyed"] = {"limits": {}, "scopes": ["read"]}
    control.set(document)
    for number in range(KEYS):
        control.issue(f"key-{number}", consumer=f"consumer-{number}", scopes=frozenset({"read"}))
    environment = {"HANSA_RATELIMIT_URL": limiter, "HANSA_RATELIMIT_TOKEN": LIMITER_TOKEN}
    directory = WORKSPACE / "proxy"
    shutil.rmtree(directory, ignore_errors=True)
    async with (
        app_server(control) as address,
        proxy_process(directory, address, **environment) as (process, port, _),
    ):
        yield port, process.pid


async def _peers(stack: AsyncExitStack, url: str) -> Mapping[str, tuple[int, int]]:
    commands: dict[str, Sequence[str | Path]] = {
        "aiohttp": (WORKSPACE / "venv/bin/python", WORKSPACE / "aiohttp_proxy.py", url),
        "npm http-proxy": ("node", WORKSPACE / "http-proxy.js", url),
        "npm fast-proxy": ("node", WORKSPACE / "fast-proxy.js", url),
    }
    peers = {}
    for number, (name, command) in enumerate(commands.items()):
        if shutil.which(str(command[0])) is None:
            continue
        port = FIRST_PORT + 10 + number
        running = program(
            (str(port),), {}, WORKSPACE / "peers.log", f"http://127.0.0.1:{port}/open", command=command
        )
        peers[name] = (port, (await stack.enter_async_context(running)).pid)
    return peers


def _requests(path: str, *, keyed: bool = False) -> list[Request]:
    headers = [(("accept", "application/json"), ("user-agent", "benchmark/1"))] * KEYS
    if keyed:
        headers = [(*each, ("x-api-key", f"key-{number}")) for number, each in enumerate(headers)]  # type: ignore[misc]
    return [Request(path=path, method="GET", headers=each, idempotent=True) for each in headers]


async def _cost(port: int, pid: int, requests: list[Request], options: argparse.Namespace) -> float:
    """Microseconds of CPU for a request."""
    transport = open_transport(f"http://127.0.0.1:{port}")
    each = options.requests // options.at_once

    async def repeat(request: Request) -> None:
        for _ in range(each):
            response = await transport.send(request)
            assert response.status == 200, response
            assert response.body == ANSWER, response

    started = cpu_seconds(pid)
    await asyncio.gather(*(repeat(requests[number % len(requests)]) for number in range(options.at_once)))
    spent = cpu_seconds(pid) - started
    await transport.close()
    return spent / (each * options.at_once) * 1e6


async def _serve_upstream(port: int) -> None:
    async with upstream(port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].isdigit():
        uvloop.run(_serve_upstream(int(sys.argv[1])))
    else:
        os.chdir(ROOT)
        main()
