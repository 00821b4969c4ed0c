"""Everything that a sale needs: PostgreSQL, NATS, the four services, who issues tokens, and a merchant that takes webhooks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn

from common.database import Database, migrate
from common.embedded import NatsServer, PostgresServer
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.http import Request, Transport, TransportError, open_transport
from common.sealing import Sealer
from common.service import installed_service
from common.settings import Secret
from subgraphs.inventory.domain.catalogue import Article, Money
from subgraphs.inventory.store import add_product
from subgraphs.payments.service.webhook_secrets import WebhookSecrets
from subgraphs.payments.service.webhooks import Webhooks
from tests.chaos.checkout.processes import SERVICES, ServiceProcess
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

READY_AFTER = 60.0  # seconds
KEY = "sk_test_lubeck"
SEALING_KEY = "A" * 43 + "="


@dataclass
class World:
    """What runs; `notes` is what the merchant was told, by the webhooks' ids."""

    directory: Path
    database_url: str
    postgres: PostgresServer
    nats: NatsServer
    issuer: Issuer
    environment: Mapping[str, str]
    notes: dict[str, bytes] = field(default_factory=dict)
    processes: dict[str, ServiceProcess] = field(default_factory=dict)
    aside: list[ServiceProcess] = field(default_factory=list)
    transports: dict[str, Transport] = field(default_factory=dict)
    servers: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who stops the servers, and by who asks them what must not be cut off."""

    async def start(self, name: str, failpoint: str = "") -> None:
        """Start the service, in place of the process that there was; it may die while it starts, if a failpoint says so."""
        if name in self.processes:
            await self.processes[name].kill()
        socket = self.directory / f"{name}.sock"
        self.processes[name] = ServiceProcess(name, socket, self.environment, failpoint)
        await self._await_ready(name)

    def set_aside(self, name: str) -> ServiceProcess:
        """The process of the service, beside which another can be started, to answer from then on."""
        process = self.processes.pop(name)
        self.aside.append(process)
        return process

    async def _await_ready(self, name: str) -> None:
        process, transport = self.processes[name], self.transports[name]
        async with asyncio.timeout(READY_AFTER):
            while process.is_alive and not process.is_stopped:
                with contextlib.suppress(TransportError):
                    answer = await transport.send(Request("/health/ready", method="GET"), timeout=1)
                    if answer.status == 200:
                        return
                await asyncio.sleep(0.02)

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a query."""
        async with self.servers:
            connection = await asyncpg.connect(self.database_url)
            try:
                return list(await connection.fetch(query, *arguments))
            finally:
                await connection.close()

    async def break_connections(self, name: str) -> None:
        """End all connections of a service to PostgreSQL."""
        await self.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
            f"hansa {name}",
        )

    async def restart_servers(self) -> None:
        """PostgreSQL and NATS go away and come back."""
        async with self.servers:
            await asyncio.gather(self.postgres.stop(), self.nats.stop())
            await asyncio.gather(self.postgres.start(), self.nats.start())

    async def take_webhook(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The merchant: notes what it is told and says so."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")[1:-2]
            headers = dict(line.split(": ", 1) for line in head)
            self.notes[headers["webhook-id"]] = await reader.readexactly(int(headers["content-length"]))
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def running_world(directory: Path) -> AsyncIterator[World]:
    """Everything started in `directory`, and stopped at the end."""
    async with AsyncExitStack() as stack:
        (directory / "servers").mkdir()
        folder = ServerFolder(directory / "servers", server_account())
        postgres, nats = PostgresServer(folder), NatsServer(folder)
        stack.push_async_callback(postgres.stop)
        url = await postgres.start()
        stack.push_async_callback(nats.stop)
        await nats.start()
        for name in SERVICES:
            await migrate(url, schema=name, scripts=installed_service(name).migrations)
        issuer = Issuer()
        keys = directory / "issuer.sock"
        await stack.enter_async_context(_serving_keys(issuer, keys))
        sockets = {name: f"unix://{directory / name}.sock?path=/" for name in SERVICES}
        environment = {
            "CHAOS_LOG": str(directory / "log"),
            "DATABASE_URL": url,
            "NATS_URL": nats.url,
            "HANSA_ISSUER": ISSUER,
            "HANSA_AUDIENCE": AUDIENCE,
            "HANSA_JWKS_URL": f"unix://{keys}?path=/",
            "HANSA_KEY_ENCRYPTION_KEY": SEALING_KEY,
            "HANSA_CARD_KEY": KEY,
            "HANSA_CARD_WEBHOOK_SECRET": "whsec_wismar",
            "HANSA_CARD_TIMEOUT": "1",
            "HANSA_WEBHOOK_NETWORKS": "127.0.0.0/8",
            **{f"HANSA_{name.upper()}_URL": socket for name, socket in sockets.items()},
        }
        world = World(directory, url, postgres, nats, issuer, environment)
        for name, socket in sockets.items():
            world.transports[name] = open_transport(socket)
            stack.push_async_callback(world.transports[name].close)
        merchant = await asyncio.start_server(world.take_webhook, "127.0.0.1", 0)
        stack.callback(merchant.close)
        await _add_stock(world)
        await _add_endpoint(world, merchant.sockets[0].getsockname()[1])
        stack.push_async_callback(_kill_all, world)
        await asyncio.gather(*(world.start(name) for name in SERVICES))
        yield world


@asynccontextmanager
async def _serving_keys(issuer: Issuer, socket: Path) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(issuer, uds=str(socket), log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells no other way
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def _add_stock(world: World) -> None:
    database = Database.open(world.database_url, schema="inventory")
    mug = Article("MUG", "Enamel Mug", "Holds coffee on deck.", "Table", Money(1_000, "EUR"), 100_000)
    async with database.transaction() as transaction:
        await add_product(transaction, mug)
    await database.close()


async def _add_endpoint(world: World, port: int) -> None:
    database = Database.open(world.database_url, schema="payments")
    secrets = WebhookSecrets(Sealer.from_setting(Secret(SEALING_KEY)))
    await Webhooks(database, secrets, [ip_network("127.0.0.0/8")]).add(f"http://127.0.0.1:{port}/hooks")
    await database.close()


async def _kill_all(world: World) -> None:
    for process in (*world.processes.values(), *world.aside):
        await process.kill()
