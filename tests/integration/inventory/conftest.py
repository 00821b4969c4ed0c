"""An inventory of the test's own, with a few products."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from common.database import Database, migrate
from subgraphs.inventory import store
from subgraphs.inventory.app import service
from subgraphs.inventory.domain import Article, Money, Reservation
from subgraphs.inventory.service import Inventory

ARTICLES = (
    Article("MUG", "Enamel Mug", "Holds coffee on deck.", "Table", Money(1450, "EUR"), 20),
    Article("ROPE", "Hemp Rope", "Smells of harbours.", "On board", Money(5900, "EUR"), 5),
    Article("TEA", "Breakfast Tea", "Malty leaves for a pot.", "Pantry", Money(790, "EUR"), 100),
)


@pytest.fixture(scope="session")
def template(create_database: Callable[..., str]) -> str:
    """A migrated database, to be copied."""
    url = create_database()
    work = migrate(url, schema="inventory", scripts=service.migrations)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()
    return url


@pytest.fixture
def database_url(create_database: Callable[..., str], template: str) -> str:
    return create_database(template=template)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url, schema="inventory")
    try:
        async with database.transaction() as transaction:
            for article in ARTICLES:
                await store.add_product(transaction, article)
        yield database
    finally:
        await database.close()


@pytest.fixture
def inventory(database: Database) -> Inventory:
    return Inventory(database, hold=timedelta(minutes=15))


@pytest.fixture
def hold(inventory: Inventory) -> Callable[..., Awaitable[Reservation]]:
    """Makes a reservation that must succeed."""

    async def reserve(owner: str = "ada", sku: str = "MUG", quantity: int = 1, key: str = "k") -> Reservation:
        held = await inventory.reserve(owner, sku, quantity, key)
        assert isinstance(held, Reservation)
        return held

    return reserve


@pytest.fixture
def lapse(database: Database) -> Callable[[UUID], Awaitable[None]]:
    """Turns the database's clock past the end of a reservation."""

    async def lapse(reservation_id: UUID) -> None:
        async with database.transaction() as transaction:
            await transaction.execute(
                "UPDATE reservation SET expires_at = now() - interval '1 ms' WHERE id = :id",
                {"id": reservation_id},
            )

    return lapse


@pytest.fixture
def events(database: Database) -> Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]:
    """Subject and payload of everything in the outbox, in order."""

    async def read() -> list[tuple[str, dict[str, Any]]]:
        async with database.transaction() as transaction:
            rows = await transaction.execute("SELECT subject, payload FROM outbox ORDER BY txid, id")
            return [(row.subject, row.payload) for row in rows]

    return read


@pytest.fixture
def stock(database: Database) -> Callable[..., Awaitable[tuple[int, int, int]]]:
    """On hand, reserved and committed pieces of a SKU, as stored; they equal the sums of the movements."""

    async def read(sku: str = "MUG") -> tuple[int, int, int]:
        async with database.transaction() as transaction:
            level = (await transaction.execute(LEVEL, {"sku": sku})).one()
            sums = (await transaction.execute(SUMS, {"sku": sku})).one()
        assert tuple(level) == tuple(sums)
        return tuple(level)[:3]

    return read


LEVEL = text("""
    SELECT on_hand, reserved, committed, on_hand - reserved - committed
    FROM level JOIN product ON product.id = product_id WHERE sku = :sku
""")
SUMS = text("""
    WITH entry AS (
        SELECT product_id, target AS bucket, quantity FROM movement
        UNION ALL SELECT product_id, source, -quantity FROM movement
    )
    SELECT coalesce(sum(quantity) FILTER (WHERE bucket <> 'OUTSIDE'), 0)::int,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'RESERVED'), 0)::int,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'COMMITTED'), 0)::int,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'AVAILABLE'), 0)::int
    FROM entry JOIN product ON product.id = product_id WHERE sku = :sku
""")
