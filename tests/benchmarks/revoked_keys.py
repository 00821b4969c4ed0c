"""`python -m tests.benchmarks.revoked_keys`: how long a key goes on being accepted once its revocation was answered, as its holder sees it.

The control plane, three data planes and the rate limiter are processes of their own over real PostgreSQL, Valkey and NATS. A key is revoked by the graph,
and its holder asks each data plane until it is refused: while all is up, with Valkey stopped, with NATS stopped, and with the data planes cut off from
the control plane. Each data plane has its line, in milliseconds. Ends with 1 where one took longer than its bound.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import uvloop

from common.database import Database, migrate
from common.embedded import EmbeddedServers
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.nats import NatsServer
from common.embedded.valkey import ValkeyServer
from common.http import Request, Transport, open_transport
from subgraphs.tenants.app import service as tenants
from subgraphs.tenants.domain.configurations import Rules, read_document
from subgraphs.tenants.service.use_cases import UseCases
from tests.benchmarks.proxy_system import LIMITER_TOKEN, rate_limiter, upstream
from tests.integration.proxy.control import TOKEN
from tests.integration.proxy.gateways import Client
from tests.integration.proxy.processes import INNER, app_server, free_port, program, proxy_process
from tests.integration.regions.cables import Cable
from tests.integration.tenants.conftest import CREATE, DOMAIN
from tests.integration.tenants.test_keys import ISSUE, REVOKE
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

PLANES = 3
BOUND = 1.0
"""Seconds after which a revoked key is refused, while the control plane is heard."""
KEY_TTL = 3.0
"""The same for who does not hear it (HANSA_PROXY_KEY_TTL)."""
_SLACK = 0.25
"""Seconds by which a busy machine may see a refusal late."""
SLUG = "bergen"


Call = Callable[[], Awaitable[object]]


class Phase(NamedTuple):
    """What is cut off while a key is revoked, and how it comes back."""

    name: str
    cut: Call
    mend: Call
    bound: float


class System(NamedTuple):
    """All that runs; `planes` are the data planes."""

    graph: Transport
    issuer: Issuer
    tenant: str
    planes: Sequence[Client]
    phases: Sequence[Phase]

    async def revoke(self, phase: Phase) -> list[float]:
        """For each data plane how many seconds it accepted a key after its revocation was answered."""
        named = {"tenant": self.tenant, "key": str(uuid4()), "scopes": ["fish"]}
        issued = await _asked(self.graph, self.issuer, ISSUE, **named)
        secret = issued["secret"]
        await asyncio.gather(*(_until(plane, secret, {200}) for plane in self.planes))
        await phase.cut()
        try:
            await _asked(self.graph, self.issuer, REVOKE, id=issued["key"]["id"])
            revoked = time.perf_counter()
            ended = await asyncio.gather(*(_until(plane, secret, {401, 503}) for plane in self.planes))
        finally:
            await phase.mend()
        return [max(0.0, at - revoked) for at in ended]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.revoked_keys", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("valkey", "nats", *map(str, range(PLANES))):
            (Path(folder) / name).mkdir()
        took = uvloop.run(_measure(Path(folder), options.rounds))
    is_late = False
    sys.stdout.write(f"{'ms that a revoked key was accepted':36}{'p50':>8}{'max':>8}{'bound':>8}\n")
    for (name, plane, bound), seconds in took.items():
        middle, longest = statistics.median(seconds) * 1000, max(seconds) * 1000
        sys.stdout.write(
            f"{name + f', data plane {plane}':36}{middle:8.0f}{longest:8.0f}{bound * 1000:8.0f}\n"
        )
        is_late |= max(seconds) > bound + _SLACK
    sys.exit(is_late)


async def _measure(folder: Path, rounds: int) -> Mapping[tuple[str, int, float], list[float]]:
    took: dict[tuple[str, int, float], list[float]] = defaultdict(list)
    async with _running(folder) as system:
        for _ in range(rounds):
            for phase in system.phases:
                for plane, seconds in enumerate(await system.revoke(phase), start=1):
                    took[phase.name, plane, phase.bound].append(seconds)
    return took


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[System]:
    valkey = ValkeyServer(ServerFolder(folder / "valkey", server_account()))
    nats = NatsServer(ServerFolder(folder / "nats", server_account()))
    async with AsyncExitStack() as stack:
        given = {"REDIS_URL": await valkey.start(), "NATS_URL": await nats.start()}
        stack.push_async_callback(valkey.stop)
        stack.push_async_callback(nats.stop)
        issuer = Issuer()
        jwks = await stack.enter_async_context(app_server(issuer))
        control, database = await stack.enter_async_context(_control_plane(folder, jwks, given))
        limiter, _ = await stack.enter_async_context(rate_limiter(folder / "limiter", free_port(), **given))
        cable = await stack.enter_async_context(Cable(control).listening())
        graph = open_transport(f"{control}/graphql")
        stack.push_async_callback(graph.close)
        made = await _asked(graph, issuer, CREATE, slug=SLUG, name="Bergen", key=SLUG)
        await _configure(database, made["id"], await stack.enter_async_context(upstream()))
        planes = [
            await _data_plane(stack, folder / f"{number}", cable.url, limiter) for number in range(PLANES)
        ]

        phases = (
            Phase("all up", _nothing, _nothing, BOUND),
            Phase("Valkey stopped", valkey.stop, valkey.start, BOUND),
            Phase("NATS stopped", nats.stop, nats.start, BOUND),
            Phase("no control plane", _as_call(cable.cut), _as_call(cable.mend), KEY_TTL),
        )
        yield System(graph, issuer, made["id"], planes, phases)


async def _nothing() -> None:
    """Cuts nothing off."""


def _as_call(work: Callable[[], None]) -> Call:
    async def call() -> None:
        work()

    return call


@asynccontextmanager
async def _control_plane(folder: Path, jwks: str, given: Mapping[str, str]) -> AsyncIterator[tuple[str, str]]:
    """Its URL, and that of its database."""
    servers = EmbeddedServers(folder / "control", {**os.environ, **given})
    environment = {
        **await servers.start(),
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": jwks,
        "HANSA_TENANTS_TOKEN": TOKEN,
        "HANSA_TENANTS_DOMAIN": DOMAIN,
        **INNER,
    }
    try:
        await migrate(environment["DATABASE_URL"], schema=tenants.name, scripts=tenants.migrations)
        url = f"http://127.0.0.1:{free_port()}"
        command = ("subgraph", "tenants", "--listen", url.removeprefix("http://"))
        async with program(command, environment, folder / "control.log", f"{url}/health/ready"):
            yield url, environment["DATABASE_URL"]
    finally:
        await servers.stop()


async def _configure(database_url: str, tenant: str, server: str) -> None:
    database = Database.open(database_url, schema=tenants.name)
    document = {
        "routes": [{"name": "fish", "prefix": "/fish", "upstream": "shop", "policy": "keyed"}],
        "upstreams": {"shop": {"targets": [{"url": server}]}},
        "policies": {"keyed": {"scopes": ["fish"], "limits": {}}},
    }
    use = UseCases.over(database, Rules(DOMAIN, inner_upstreams=True))
    await use.configurations.apply("ada", UUID(tenant), read_document(document))
    await database.close()


async def _data_plane(stack: AsyncExitStack, folder: Path, control: str, limiter: str) -> Client:
    environment: dict[str, Any] = {
        "HANSA_PROXY_KEY_TTL": str(KEY_TTL),
        "HANSA_RATELIMIT_URL": limiter,
        "HANSA_RATELIMIT_TOKEN": LIMITER_TOKEN,
    }
    running = proxy_process(folder / "proxy", control, **environment)
    _, port, _ = await stack.enter_async_context(running)
    return Client(port)


async def _asked(graph: Transport, issuer: Issuer, query: str, **variables: Any) -> Any:
    """The value of the operation's only field."""
    headers = (
        ("content-type", "application/json"),
        ("authorization", f"Bearer {issuer.token({'sub': 'ada'})}"),
    )
    body = json.dumps({"query": query, "variables": variables}).encode()
    answer = json.loads((await graph.send(Request(body=body, headers=headers))).body)
    assert "errors" not in answer, answer
    (value,) = answer["data"].values()
    return value


async def _until(plane: Client, secret: str, statuses: set[int]) -> float:
    """When it began to answer so."""
    async with asyncio.timeout(30):
        while (await plane.ask("/fish", host=f"{SLUG}.{DOMAIN}", key=secret)).status not in statuses:
            pass
    return time.perf_counter()


if __name__ == "__main__":
    main()
