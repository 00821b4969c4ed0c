"""What must hold under load. Each gives its figures and a line of words; `failed` is to be 0."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from common.embedded import ValkeyServer
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from tests.load.clients import Figures, load
from tests.load.system import router


class Outcome(NamedTuple):
    """The figures, and what they say."""

    figures: Figures
    words: str


async def reloads(folder: Path, *, count: int, clients: int, seed: int) -> Outcome:
    """Another supergraph is taken `count` times, one after another."""
    async with router(folder, seed=seed) as running:
        sdl, over = running.supergraph.read_text(), asyncio.Event()
        asking = asyncio.create_task(load(running.url, over, clients=clients, seed=seed))
        started = time.perf_counter()
        await asyncio.sleep(0.5)
        memory = running.megabytes()
        for number in range(1, count + 1):
            running.supergraph.write_text(f"{sdl}# {number}\n")
            running.signal(signal.SIGHUP)
            await running.until_reloaded(number)
        over.set()
        figures = await asking
        seconds = time.perf_counter() - started
        words = f"{count} reloads in {seconds:.1f} s: {figures.line(seconds)}"
        return Outcome(figures, f"{words}; memory {memory:.0f} MB before, {running.megabytes():.0f} MB after")


async def stop(folder: Path, *, workers: int, clients: int, seconds: float, seed: int) -> Outcome:
    """The router is told to stop while all clients ask. It must exit with 0."""
    async with router(folder, seed=seed, workers=workers) as running:
        asking = asyncio.create_task(load(running.url, asyncio.Event(), clients=clients, seed=seed))
        await asyncio.sleep(seconds)
        told = time.perf_counter()
        running.signal(signal.SIGTERM)
        figures = await asking
        status = await running.end()
        took = time.perf_counter() - told
        words = (
            f"SIGTERM, {workers} processes: {figures.line(seconds)}; "
            f"ended after {took:.2f} s with status {status}"
        )
        if status:
            figures.failures[f"exit status {status}"] += 1
        return Outcome(figures, words)


async def valkey(folder: Path, *, count: int, clients: int, seed: int) -> Outcome:
    """The response cache's Valkey is killed `count` times, and started again; once more it hangs for a while."""
    data = folder / "valkey"
    data.mkdir()
    server = ValkeyServer(ServerFolder(data, server_account()))
    redis = f"{{urls: ['{await server.start()}']}}"
    config = f"response_cache: {{enabled: true, subgraph: {{all: {{ttl: 1m, redis: {redis}}}}}}}\n"
    async with router(folder, seed=seed, config=config) as running:
        over = asyncio.Event()
        asking = asyncio.create_task(load(running.url, over, clients=clients, seed=seed))
        started = time.perf_counter()
        await asyncio.sleep(1)
        for _ in range(count):
            _signal(server, signal.SIGKILL)
            await server.stop()
            await asyncio.sleep(1)
            await server.start()
            await asyncio.sleep(1.5)
        _signal(server, signal.SIGSTOP)
        await asyncio.sleep(1)
        _signal(server, signal.SIGCONT)
        await asyncio.sleep(1.5)
        over.set()
        figures = await asking
        seconds = time.perf_counter() - started
        hits = await running.metric('apollo_router_response_cache_total{cache_status="hit"')
    await server.stop()
    words = f"Valkey killed {count} times and stopped once in {seconds:.1f} s: {figures.line(seconds)}; {hits:.0f} hits"
    return Outcome(figures, words)


def _signal(server: ValkeyServer, number: signal.Signals) -> None:
    if server.pid is not None:
        os.kill(server.pid, number)


async def slow_clients(folder: Path, *, slow: int, clients: int, seconds: float, seed: int) -> list[Outcome]:
    """The same load without slow clients, and beside them: half send a byte now and then, half never read."""
    async with router(folder, seed=seed) as running:
        outcomes = []
        for _ in range(2):  # by turns, since what else the machine does changes
            alone = await _timed(running.url, clients, seconds, seed)
            outcomes.append(Outcome(alone, f"no slow client: {alone.line(seconds)}"))
            dawdling = [asyncio.create_task(_dawdle(running.url, number)) for number in range(slow)]
            beside = await _timed(running.url, clients, seconds, seed)
            outcomes.append(Outcome(beside, f"{slow} slow clients: {beside.line(seconds)}"))
            for task in dawdling:
                task.cancel()
            await asyncio.gather(*dawdling, return_exceptions=True)
        return outcomes


async def _timed(url: str, clients: int, seconds: float, seed: int) -> Figures:
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    return await load(url, over, clients=clients, seed=seed)


async def _dawdle(url: str, number: int) -> None:
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    query = "{" + " ".join(f"a{number}: products {{name}}" for number in range(1000)) + "}"
    body = json.dumps({"query": query}).encode()
    head = f"POST {parts.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    try:
        if number % 2:
            writer.write(request)
        else:
            for byte in request:
                writer.write(bytes((byte,)))
                await asyncio.sleep(0.2)
        await asyncio.Event().wait()
    finally:
        writer.close()
