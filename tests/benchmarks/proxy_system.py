"""What stands around a proxy that is measured: an upstream, and the rate limiter with its servers."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import UUID

from common.database import Database, migrate
from common.embedded import EmbeddedServers
from subgraphs.ratelimit.app import service as limiter
from subgraphs.ratelimit.domain.policies import FailMode, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.service.policies import PolicyBook
from tests.integration.proxy.processes import program

LIMITER_TOKEN = "limiter-token"
_PLENTY = 1_000_000
ANSWER = b'{"products":[{"id":"1","name":"Chair","price":100},{"id":"2","name":"Table","price":200}]}'
_HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
_WHOLE = _HEADERS + b"content-length: %d\r\n\r\n" % len(ANSWER) + ANSWER


class _Upstream(asyncio.Protocol):
    """Gives the same answer to each request, which has no body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        data = self._tail + data
        count = data.count(b"\r\n\r\n")
        self._tail = data.rpartition(b"\r\n\r\n")[2]
        self._transport.write(_WHOLE * count)


@asynccontextmanager
async def upstream(port: int = 0) -> AsyncIterator[str]:
    serving = await asyncio.get_running_loop().create_server(_Upstream, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"
    finally:
        serving.close()


@asynccontextmanager
async def rate_limiter(
    folder: Path, port: int, **given: str
) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """A limiter with limits by key and by tenant that nobody reaches, over servers of its own but for those that are given."""
    servers = EmbeddedServers(folder, {**os.environ, **given})
    environment = {
        **await servers.start(),
        "HANSA_ISSUER": "http://127.0.0.1:1",
        "HANSA_JWKS_URL": "http://127.0.0.1:1/jwks",
        "HANSA_RATELIMIT_TOKEN": LIMITER_TOKEN,
    }
    try:
        await migrate(environment["DATABASE_URL"], schema=limiter.name, scripts=limiter.migrations)
        await _put_policies(environment["DATABASE_URL"])
        command = ("subgraph", "ratelimit", "--listen", f"127.0.0.1:{port}")
        async with program(
            command, environment, folder / "ratelimit.log", f"http://127.0.0.1:{port}/health/ready"
        ) as process:
            yield f"http://127.0.0.1:{port}", process
    finally:
        await servers.stop()


async def _put_policies(url: str) -> None:
    database = Database.open(url, schema=limiter.name)
    book = PolicyBook(database, Policies(database, lambda: None))
    try:
        if await book.policies():
            return
        await book.put_namespace("tenants", "Requests of tenants")
        for by in (("tenant", "key"), ("tenant",)):
            rule = Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=_PLENTY, period=1, burst=_PLENTY)
            policy = Policy(
                id=UUID(int=0),
                namespace="tenants",
                name="per-" + by[-1],
                by=by,
                when={},
                rule=rule,
                fail_mode=FailMode.LOCAL,
                is_shadow=False,
                priority=0,
                version=1,
            )
            await book.upsert_policy(policy, "tests", dry_run=False)
    finally:
        await database.close()
