"""`python -m tests.load.proxy`: the reverse proxy under load while what stands around it fails, one part after another.

All clients read, with keys and limits, so that no request may fail. It tells for each phase what was answered and what failed, and
how long after its revocation a key was still let in. It ends with 1 where a request failed or that took too long. NATS has no part in
it: neither the proxy nor the limiter asks it anything.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.valkey import ValkeyServer
from common.http import Request, TransportError, open_transport
from tests.benchmarks.proxy_system import LIMITER_TOKEN, rate_limiter
from tests.integration.proxy.control import Control, configuration
from tests.integration.proxy.processes import app_server, free_port, proxy_process
from tests.integration.proxy.upstreams import OK, Seen, Server, saying, server

SERVERS = 3
BOUND = 1.0
"""Seconds after which a revoked key is refused, while the control plane is heard."""


@dataclass
class Figures:
    answered: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0


@dataclass
class System:
    """What is up, and the load on it; `figures` are those of the phase that goes on."""

    control: Control
    servers: list[Server]
    valkey: ValkeyServer
    port: int
    figures: Figures = field(default_factory=Figures)
    outcomes: dict[str, Figures] = field(default_factory=dict)
    revocations: dict[str, float] = field(default_factory=dict)

    async def phase(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.figures = self.outcomes[name] = Figures()
        await work()

    async def client(self, number: int) -> None:
        transport = open_transport(f"http://127.0.0.1:{self.port}")
        request = Request("/keyed", method="GET", headers=(("x-api-key", f"key-{number}"),))
        while True:
            figures, started = self.figures, time.perf_counter()
            try:
                response = await transport.send(request)
            except TransportError as error:
                figures.failures[repr(error)] += 1
                continue
            figures.longest = max(figures.longest, time.perf_counter() - started)
            if response.status == 200:
                figures.answered += 1
            else:
                figures.failures[f"{response.status} {response.body.decode()[:200]}"] += 1

    async def revoke(self, name: str) -> None:
        """How long a key is let in after it was revoked, by a client that asks all the time."""
        key = f"leaving-{len(self.revocations)}"
        self.control.issue(key)
        transport = open_transport(f"http://127.0.0.1:{self.port}")
        request = Request("/keyed", method="GET", headers=(("x-api-key", key),))
        async with asyncio.timeout(30):
            while (await transport.send(request)).status != 200:  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.01)
        self.control.revoke(key)
        revoked = time.perf_counter()
        async with asyncio.timeout(30):
            while (await transport.send(request)).status != 401:
                pass
        self.revocations[name] = time.perf_counter() - revoked
        await transport.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.proxy", description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = uvloop.run(_run(Path(folder), options.clients))
    for name, figures in system.outcomes.items():
        words = f"{figures.answered} answered, {figures.failures.total()} failed, longest {figures.longest * 1000:.0f} ms"
        sys.stdout.write(f"{name:32}{words}\n")
        for reason, times in figures.failures.most_common(5):
            sys.stdout.write(f"  {times} x {reason}\n")
    for name, seconds in system.revocations.items():
        sys.stdout.write(f"a key revoked, {name}: refused after {seconds * 1000:.0f} ms\n")
    failed = any(figures.failures for figures in system.outcomes.values())
    sys.exit(failed or any(seconds > BOUND for seconds in system.revocations.values()))


async def _run(folder: Path, clients: int) -> System:
    async with AsyncExitStack() as stack:
        system, limiter = await _started(stack, folder, clients)
        load = [asyncio.create_task(system.client(number)) for number in range(clients)]
        try:
            await _Phases(system, limiter).run()
        finally:
            for task in load:
                task.cancel()
            await asyncio.gather(*load, return_exceptions=True)
        return system


async def _started(
    stack: AsyncExitStack, folder: Path, clients: int
) -> tuple[System, subprocess.Popen[bytes]]:
    control = Control()
    servers = [await stack.enter_async_context(server(saying(OK))) for _ in range(SERVERS)]
    control.set(_document(servers, 1))
    for number in range(clients):
        control.issue(f"key-{number}", consumer=f"consumer-{number}")
    valkey_folder = folder / "valkey"
    valkey_folder.mkdir()
    valkey = ValkeyServer(ServerFolder(valkey_folder, server_account()))
    url = await valkey.start()
    stack.push_async_callback(valkey.stop)
    address, limiter = await stack.enter_async_context(
        rate_limiter(folder / "servers", free_port(), REDIS_URL=url)
    )
    control_url = await stack.enter_async_context(app_server(control))
    environment = {"HANSA_RATELIMIT_URL": address, "HANSA_RATELIMIT_TOKEN": LIMITER_TOKEN}
    _, port, _ = await stack.enter_async_context(proxy_process(folder / "proxy", control_url, **environment))
    return System(control, servers, valkey, port), limiter


def _document(servers: list[Server], version: int) -> dict[str, Any]:
    main = {"targets": [{"url": each.url} for each in servers], "ejection": 0.5}
    document = configuration({"main": main}, hosts=["127.0.0.1"], version=version)
    document["policies"]["keyed"] = {"limits": {}, "request_headers": {"set": {"x-version": str(version)}}}
    return document


class _Phases:
    """What happens, one after the other."""

    def __init__(self, system: System, limiter: subprocess.Popen[bytes]) -> None:
        self._system = system
        self._control, self._servers = system.control, system.servers
        self._limiter = limiter

    async def run(self) -> None:
        phase = self._system.phase
        await phase("all is well", partial(asyncio.sleep, 2))
        await phase("servers killed one by one", self._kill_servers)
        await phase("a server that is slow", self._slow_server)
        await phase("30 configurations", self._change_configuration)
        await phase("the control plane away", self._lose_control_plane)
        await phase("a key revoked", partial(self._system.revoke, "with all up"))
        await phase("Valkey away", self._lose_valkey)
        await phase("the rate limiter killed", self._lose_limiter)

    async def _kill_servers(self) -> None:
        for each in self._servers:
            port = int(each.url.rpartition(":")[2])
            await each.stop()
            await asyncio.sleep(0.7)
            await each.start(port)
            await asyncio.sleep(0.7)

    async def _slow_server(self) -> None:
        async def slowly(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.3)
            await saying(OK)(seen, reader, writer)

        self._servers[0].behaviour = slowly
        await asyncio.sleep(2)
        self._servers[0].behaviour = saying(OK)

    async def _change_configuration(self) -> None:
        for version in range(2, 32):
            self._control.set(_document(self._servers[1 - version % 2 :], version))
            await asyncio.sleep(0.1)

    async def _lose_control_plane(self) -> None:
        self._control.is_down = True
        await asyncio.sleep(3)
        self._control.is_down = False

    async def _lose_valkey(self) -> None:
        await self._system.valkey.stop()
        await asyncio.sleep(2)
        await self._system.revoke("with Valkey away")
        await self._system.valkey.start()
        await asyncio.sleep(1)

    async def _lose_limiter(self) -> None:
        self._limiter.kill()
        await asyncio.sleep(2)


if __name__ == "__main__":
    main()
