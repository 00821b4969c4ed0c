"""What a reservation costs by the service's own door (`python -m tests.benchmarks.inventory_service`).

One process of inventory with its listener, one PostgreSQL with fsync, and buyers who each send `reserveStock` over HTTP with a token of
their own. The figures to read are microseconds of CPU for a request, of the service and of the database server; rates and waits depend on
what else the machine does. `paced` sends so many requests a second, whether or not they are answered. Then: what `availability` costs,
and how long a sweep of many lapsed holds takes.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from common.database import Database, migrate
from common.embedded import EmbeddedServers
from common.http import Request, Transport, TransportError, open_transport
from subgraphs.inventory.app import service
from subgraphs.inventory.domain import Article, Money
from subgraphs.inventory.store import add_product
from tests.benchmarks.process import cpu_seconds, family_cpu_seconds
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

ROOT = Path(__file__).parents[2]
PORT, KEYS_PORT = 4420, 4421
SKUS, BUYERS, AT_ONCE, PIECES = 200, 200, 32, 1_000_000
PACE = 500
"""Requests a second, or half of what was reached before if that is less."""
RESERVE = """mutation ($input: ReserveStockInput!, $key: String!) { reserveStock(input: $input, idempotencyKey: $key) {
  __typename ... on Reservation { id state total { amount currency } expiresAt } } }"""
SPLIT = 'mutation { splitStock(sku: "HOT") { __typename } }'
LOOK = "query ($sku: String!) { productVariant(sku: $sku) { sku availability } }"

Buy = Callable[[int], Awaitable[None]]


class Cost(NamedTuple):
    """Of so many requests: seconds in all, of CPU here and there, and of each one's wait."""

    seconds: float
    service: float
    server: float
    waits: list[float]

    def line(self, name: str) -> str:
        count, ranked = len(self.waits), sorted(self.waits)
        waits = "".join(f"{ranked[count * part // 100] * 1e3:9.1f}" for part in (50, 99))
        return f"{name:20}{count / self.seconds:9.0f}{waits}{self.service / count * 1e6:9.0f}{self.server / count * 1e6:9.0f}"


class Shop:
    """The service's process, its door, the database server's process, and tokens."""

    def __init__(self, door: Transport, pids: tuple[int, int], issuer: Issuer) -> None:
        self._door = door
        self._service, self._server = pids
        self._tokens = [issuer.token({"sub": f"buyer-{number}"}) for number in range(BUYERS)]
        self._keeper = issuer.token({"sub": "keeper", "scope": "inventory:write"})

    async def ask(self, query: str, token: str, **variables: object) -> None:
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = (("content-type", "application/json"), ("authorization", f"Bearer {token}"))
        answer = await self._door.send(Request(path="", body=body, headers=head), timeout=60)
        if answer.status != 200 or b'"errors"' in answer.body or b'"InsufficientStock"' in answer.body:
            raise RuntimeError(answer.body)

    async def split(self) -> None:
        await self.ask(SPLIT, self._keeper)
        await asyncio.sleep(1.5)  # until the process knows

    def buying(self, sku: Callable[[int], str]) -> Buy:
        async def buy(number: int) -> None:
            wanted = {"sku": sku(number), "quantity": 1}
            key = f"{time.monotonic_ns()}-{number}"
            await self.ask(RESERVE, self._tokens[number % BUYERS], input=wanted, key=key)

        return buy

    async def look(self, number: int) -> None:
        await self.ask(LOOK, self._tokens[number % BUYERS], sku=f"SKU-{number % SKUS}")

    async def rush(self, count: int, buy: Buy) -> Cost:
        """As fast as so many clients at once get answers."""
        numbers = iter(range(count))
        with self._measured() as cost:

            async def client() -> None:
                for number in numbers:
                    await self._waiting(cost, buy, number)

            await asyncio.gather(*(client() for _ in range(AT_ONCE)))
        return cost[0]

    async def paced(self, count: int, buy: Buy, pace: float) -> Cost:
        """So many a second, whenever the answers come."""
        with self._measured() as cost:
            began = time.perf_counter()
            async with asyncio.TaskGroup() as clients:
                for number in range(count):
                    await asyncio.sleep(began + number / pace - time.perf_counter())
                    clients.create_task(self._waiting(cost, buy, number))
        return cost[0]

    async def _waiting(self, cost: list[Cost], buy: Buy, number: int) -> None:
        began = time.perf_counter()
        await buy(number)
        cost[0].waits.append(time.perf_counter() - began)

    @contextmanager
    def _measured(self) -> Iterator[list[Cost]]:
        began = time.perf_counter(), cpu_seconds(self._service), family_cpu_seconds(self._server)
        cost = [Cost(0, 0, 0, [])]
        yield cost
        ended = time.perf_counter(), cpu_seconds(self._service), family_cpu_seconds(self._server)
        spent = [after - before for before, after in zip(began, ended, strict=True)]
        cost[0] = Cost(*spent, cost[0].waits)


async def _stock_up(url: str) -> None:
    await migrate(url, schema="inventory", scripts=service.migrations)
    database = Database.open(url, schema="inventory")
    async with database.transaction() as transaction:
        for sku in ("HOT", *(f"SKU-{number}" for number in range(SKUS))):
            await add_product(transaction, Article(sku, sku, "", "", Money(1_000, "EUR"), PIECES))
    await database.close()


async def _sweep(url: str, count: int) -> float:
    """Seconds until the service has ended so many holds whose time is over."""
    database = Database.open(url, schema="inventory")
    try:
        async with database.transaction() as transaction:
            lapsing = """UPDATE reservation SET expires_at = now()
                WHERE id IN (SELECT id FROM reservation WHERE state = 'HELD' LIMIT :count)"""
            await transaction.execute(lapsing, {"count": count})
        began = time.perf_counter()
        left = 1
        while left:
            await asyncio.sleep(0.05)
            async with database.transaction() as transaction:
                due = "SELECT count(*) FROM reservation WHERE state = 'HELD' AND expires_at <= now()"
                left = (await transaction.execute(due)).scalar_one()
        return time.perf_counter() - began
    finally:
        await database.close()


@asynccontextmanager
async def _keys(issuer: Issuer) -> AsyncIterator[None]:
    """The issuer's keys over HTTP."""
    keys = json.dumps({"keys": [key.as_dict(private=False) for key in issuer.keys.values()]}).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(keys)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline() not in {b"\r\n", b""}:
            pass
        writer.write(head + keys)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", KEYS_PORT):
        yield


@asynccontextmanager
async def _running(environment: dict[str, str], log: Path) -> AsyncIterator[tuple[int, Transport]]:
    command = (sys.executable, "-c", "from gateway.cli import main; main()", "subgraph", service.name)
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *command, "--listen", f"127.0.0.1:{PORT}", env=environment, stdout=output, stderr=output
        )
    door = open_transport(f"http://127.0.0.1:{PORT}/graphql")
    try:
        async with asyncio.timeout(120):
            await _wait(door)
        yield process.pid, door
    finally:
        await door.close()
        process.terminate()
        await process.wait()


async def _wait(door: Transport) -> None:
    while True:
        try:
            await door.send(Request(path="", body=b""), timeout=5)
        except TransportError:
            await asyncio.sleep(0.2)
        else:
            return


async def _measure(shop: Shop, url: str, count: int) -> None:
    spread = shop.buying(lambda number: f"SKU-{number * 7919 % SKUS}")
    hot = shop.buying(lambda _: "HOT")
    await shop.rush(count // 4, spread)  # to warm up
    _say(f"{'':20}{'a second':>9}{'p50, ms':>9}{'p99, ms':>9}{'service':>9}{'server':>9}  us of CPU")
    fast = await shop.rush(count, spread)
    _say(fast.line(f"over {SKUS} SKUs"))
    await shop.split()
    _say((await shop.rush(count, hot)).line("one hot SKU, split"))
    pace = min(PACE, count / fast.seconds / 2)
    _say((await shop.paced(count, spread, pace)).line(f"paced, {pace:.0f} a second"))
    _say((await shop.rush(count, shop.look)).line("availability"))
    _say(f"a sweep of {2 * count} lapsed holds took {await _sweep(url, 2 * count):.1f} s")


async def _run(folder: Path, count: int) -> None:
    servers = EmbeddedServers(folder, {"REDIS_URL": "redis://not.needed"})
    urls = dict(await servers.start())
    issuer = Issuer()
    server = next(each.pid for each in servers._servers if each.name == "postgresql")
    assert server is not None, "it was started"
    environment = {
        **os.environ,
        **urls,
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": f"http://127.0.0.1:{KEYS_PORT}/jwks",
    }
    try:
        await _stock_up(urls["DATABASE_URL"])
        async with _keys(issuer), _running(environment, folder / "log") as (pid, door):
            await _measure(Shop(door, (pid, server), issuer), urls["DATABASE_URL"], count)
    finally:
        await servers.stop()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.inventory_service", description=__doc__)
    parser.add_argument("--count", type=int, default=4_000, help="requests of each kind")
    with TemporaryDirectory(prefix="hansa-inventory-") as folder:
        Path(folder).chmod(0o755)
        asyncio.run(_run(Path(folder), parser.parse_args().count))


if __name__ == "__main__":
    main()
