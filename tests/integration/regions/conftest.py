import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from common.auth.revocation import Kind
from common.database import Database
from common.http import Request, Response, Transport, open_transport
from common.live import Live
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.app import service
from subgraphs.identity.domain.directory import DirectoryKey, decider
from subgraphs.identity.domain.keys import KeyPolicy
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.neighbours import Neighbours
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.signing_keys import SigningKeys
from tests.integration.regions.cables import Cable
from tests.integration.server.serving import serving

NAMES = ("eu", "us")
DIRECTORY_SECRET = "d" * 32
ISSUER = "https://hansa.example/identity"


@dataclass
class Region:
    """Identity in one region, with a database of its own; `cables` lead from it to the others."""

    name: str
    environment: Mapping[str, str]
    database: Database
    transport: Transport
    regions: Regions
    addresses: Addresses
    clients: Clients
    cables: dict[str, Cable] = field(default_factory=dict)

    async def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        return dict(json.loads((await self.post(query, token, **variables)).body))

    async def post(self, query: str, token: str | None = None, **variables: Any) -> Response:
        headers = [("content-type", "application/json")]
        if token is not None:
            headers.append(("authorization", f"Bearer {token}"))
        body = json.dumps({"query": query, "variables": variables}).encode()
        return await self.transport.send(Request(path="/graphql", body=body, headers=tuple(headers)))

    async def get(self, path: str) -> Any:
        return json.loads((await self.transport.send(Request(path=path, method="GET"))).body)

    async def send_form(self, path: str, fields: Mapping[str, str]) -> tuple[int, Any]:
        headers = (("content-type", "application/x-www-form-urlencoded"),)
        request = Request(path=path, body=urlencode(fields).encode(), headers=headers)
        answer = await self.transport.send(request)
        return answer.status, json.loads(answer.body)

    async def accepts(self, token: str) -> bool:
        return (await self.post("{ __typename }", token)).status == 200

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as transaction:
            result = await transaction.execute(statement)
            return list(map(tuple, result)) if result.returns_rows else []

    async def revoke(self, kind: Kind, value: str, until: Any) -> None:
        async with self.database.transaction() as transaction:
            await revoke(transaction, kind, value, until)

    def cut_off(self) -> None:
        """Nobody hears of this region any more, and it hears of nobody."""
        for cable in self.cables.values():
            cable.cut()

    def rejoin(self) -> None:
        for cable in self.cables.values():
            cable.mend()


@pytest.fixture
async def regions(
    servers: Mapping[str, str], migrated_database: Callable[..., str], redis_url: str
) -> AsyncIterator[Mapping[str, Region]]:
    """Identity in Europe and America, which know one another by cables; one issuer, no common database."""
    shared = {
        "REDIS_URL": redis_url,
        "NATS_URL": servers["NATS_URL"],
        "HANSA_ISSUER": ISSUER,
        "HANSA_JWKS_URL": "app://identity/.well-known/jwks.json",
        "HANSA_REVOCATIONS_URL": "app://identity/revocations",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "HANSA_DIRECTORY_KEY": DIRECTORY_SECRET,
        "HANSA_DIRECTORY_REGIONS": "us,eu",
    }
    async with AsyncExitStack() as stack:
        ports = {name: await _reserve() for name in NAMES}
        cables = {
            (here, there): await stack.enter_async_context(
                Cable(f"http://127.0.0.1:{ports[there]}").listening()
            )
            for here in NAMES
            for there in NAMES
            if here != there
        }
        regions = {}
        for name in NAMES:
            url = migrated_database("identity")
            peers = {there: cable.url for (here, there), cable in cables.items() if here == name}
            environment = {
                **shared,
                "DATABASE_URL": url,
                "HANSA_REGION": name,
                "HANSA_REGION_PEERS": ",".join(f"{there}={to}" for there, to in peers.items()),
            }
            app = service.create_app(environment)
            app.state.apps = {"identity": app}
            base = await stack.enter_async_context(serving(app, port=ports[name]))
            database = Database.open(url, schema="identity")
            live = Live(shared["NATS_URL"], "identity")
            live.listen_to(database)
            await stack.enter_async_context(live.running())
            stack.push_async_callback(database.close)
            transport = open_transport(base)
            stack.push_async_callback(transport.close)
            sealer = Sealer.from_setting(Secret(environment["HANSA_KEY_ENCRYPTION_KEY"]))
            key = DirectoryKey(DIRECTORY_SECRET)
            ways = {there: open_transport(to) for there, to in peers.items()}
            neighbours = Neighbours(ways, key.requests)
            homes = Homes(ways, neighbours)
            steering = Regions(database, SigningKeys(database, sealer, KeyPolicy()), homes)
            for way in ways.values():
                stack.push_async_callback(way.close)
            directory = Directory(database, key, neighbours, name, NAMES)
            own = {
                f"{here}-{there}": cable for (here, there), cable in cables.items() if name in (here, there)
            }
            regions[name] = Region(
                name,
                environment,
                database,
                transport,
                steering,
                Addresses(database, directory),
                Clients(database, {}, neighbours),
                own,
            )
        yield regions


def address(region: str, name: str = "ada") -> str:
    """An address about which `region` decides."""
    key = DirectoryKey(DIRECTORY_SECRET)
    made = (f"{name}{number}@hansa.example" for number in range(1000))
    return next(email for email in made if decider(key.digest(email), NAMES) == region)


async def _reserve() -> int:
    """A port that is free now."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Fails unless it holds within so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.05)
