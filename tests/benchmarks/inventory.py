"""How fast one hot item is sold, by several ways of not overselling it (`python -m tests.benchmarks.inventory`).

Each way holds one piece for each buyer over the same connections, to the same tables, in a PostgreSQL of its own: the naive one
reads, checks and writes; the second locks its row while it does so; the third is inventory's one statement; the last is that
statement over an item that is split into parts. Rates are of one run on this machine: compare them with one another.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from common.database import Database, migrate
from common.embedded import EmbeddedServers
from common.ids import new_id
from subgraphs.inventory.app import service
from subgraphs.inventory.domain import Article, Money
from subgraphs.inventory.store import add_product, hot
from subgraphs.inventory.store.reservations import TAKE_ONE, TAKE_PART

CONNECTIONS = 32
BUYERS = 3_000
PIECES = 100_000
PARTS = 32
_MINUTES = timedelta(minutes=15)

Way = Callable[[asyncpg.Connection], Awaitable[bool]]

READ = "SELECT id, price_amount, available FROM level JOIN variant ON id = variant_id WHERE sku = 'HOT' AND slot = 0"
WRITE = """
    WITH counted AS (
        UPDATE level SET available = available - 1, held = held + 1 WHERE variant_id = $1 AND slot = 0
    ), made AS (
        INSERT INTO reservation (owner_id, total_amount, currency, expires_at)
        VALUES ('buyer', $2, 'EUR', now() + interval '15 min') RETURNING id
    ), lined AS (
        INSERT INTO reservation_line (reservation_id, number, variant_id, quantity, unit_amount)
        SELECT id, 1, $1, 1, $2 FROM made
    ), allocated AS (
        INSERT INTO allocation (reservation_id, variant_id, warehouse_id, slot, quantity)
        SELECT id, $1, 'MAIN', 0, 1 FROM made
    )
    INSERT INTO movement (
        variant_id, quantity, source, source_warehouse, source_slot,
        target, target_warehouse, target_slot, reason, reference
    ) SELECT $1, 1, 'AVAILABLE', 'MAIN', 0, 'HELD', 'MAIN', 0, 'RESERVED', id FROM made
"""


def _one(statement: object) -> Way:
    """Inventory's own statement, as its store sends it."""
    compiled = statement.compile(dialect=dialect.dialect())  # type: ignore[attr-defined, no-untyped-call]  # SQLAlchemy types neither
    known = {"sku": "HOT", "quantity": 1, "owner_id": "buyer", "hold": _MINUTES}

    async def buy(connection: asyncpg.Connection) -> bool:
        values = {**known, "id": new_id()}
        async with connection.transaction():
            return bool(
                await connection.fetch(str(compiled), *(values[name] for name in compiled.positiontup))
            )

    return buy


def _reading(suffix: str) -> Way:
    async def buy(connection: asyncpg.Connection) -> bool:
        async with connection.transaction():
            row = await connection.fetchrow(READ + suffix)
            if row["available"] < 1:
                return False
            await connection.execute(WRITE, row["id"], row["price_amount"])
            return True

    return buy


async def _measure(pool: asyncpg.Pool, way: Way) -> tuple[float, float, int]:
    """Reservations a second, the 99th of a hundred waits in ms, and how many were made."""
    waits: list[float] = []
    left = iter(range(BUYERS))

    async def customer() -> int:
        made = 0
        async with pool.acquire() as connection:
            for _ in left:
                began = time.perf_counter()
                made += await way(connection)
                waits.append(time.perf_counter() - began)
        return made

    began = time.perf_counter()
    made = sum(await asyncio.gather(*(customer() for _ in range(CONNECTIONS))))
    took = time.perf_counter() - began
    return BUYERS / took, sorted(waits)[len(waits) * 99 // 100] * 1000, made


async def _fresh(url: str, *, parts: int = 0) -> None:
    """One item with all its pieces, and nothing reserved."""
    database = Database.open(url, schema="inventory")
    try:
        async with database.transaction() as transaction:
            await transaction.execute(
                "TRUNCATE product, variant, level, reservation, reservation_line, allocation CASCADE"
            )
            article = Article("HOT", "Hot item", "", "", Money(1_000, "EUR"), PIECES)
            await add_product(transaction, article)
            if parts:
                row = await transaction.execute("SELECT id FROM variant")
                await hot.split(transaction, row.scalar_one(), parts)
    finally:
        await database.close()


async def _run(url: str) -> None:
    await migrate(url, schema="inventory", scripts=service.migrations)
    connection = await asyncpg.connect(url, server_settings={"search_path": "inventory"})
    # so that a run can begin anew, and so that the naive way can go wrong
    await connection.execute("DROP TRIGGER movement_is_append_only ON movement")
    await connection.close()
    ways = (
        ("naive read, check, write", _reading(""), 0),
        ("SELECT FOR UPDATE", _reading(" FOR UPDATE OF level"), 0),
        ("conditional update in one statement", _one(TAKE_ONE), 0),
        (f"the same over {PARTS} parts, SKIP LOCKED", _one(TAKE_PART), PARTS),
    )
    settings = {"search_path": "inventory", "jit": "off"}
    pool = await asyncpg.create_pool(
        url, min_size=CONNECTIONS, max_size=CONNECTIONS, server_settings=settings
    )
    rates: dict[str, float] = {}
    async with pool:
        for name, way, parts in ways:
            await _fresh(url, parts=parts)
            rates[name], slow, made = await _measure(pool, way)
            _say(f"{name:42} {rates[name]:8.0f}/s   p99 {slow:6.1f} ms   {made} of {BUYERS}")
    locked = rates["SELECT FOR UPDATE"]
    _say(f"parts against SELECT FOR UPDATE: {rates[ways[-1][0]] / locked:.1f} times")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = EmbeddedServers(Path(folder), os.environ)
        try:
            await _run((await servers.start())["DATABASE_URL"])
        finally:
            await servers.stop()


if __name__ == "__main__":
    asyncio.run(main())
