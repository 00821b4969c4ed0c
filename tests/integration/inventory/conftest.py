"""An inventory of the test's own, with a few products."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from strawberry.types import ExecutionResult

from common.app import ServiceRequest
from common.auth import Caller
from common.database import Database
from common.live import Live
from subgraphs.inventory import store
from subgraphs.inventory.api import Context, schema
from subgraphs.inventory.domain import Article, Money, Reservation
from subgraphs.inventory.service import Inventory
from subgraphs.inventory.service.services import Services

ARTICLES = (
    Article("MUG", "Enamel Mug", "Holds coffee on deck.", "Table", Money(1450, "EUR"), 20),
    Article("ROPE", "Hemp Rope", "Smells of harbours.", "On board", Money(5900, "EUR"), 5),
    Article("TEA", "Breakfast Tea", "Malty leaves for a pot.", "Pantry", Money(790, "EUR"), 100),
)


@pytest.fixture
def database_url(migrated_database: Callable[..., str]) -> str:
    return migrated_database("inventory")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await stocked(database_url)
    yield database
    await database.close()


async def stocked(url: str) -> Database:
    """The migrated database at `url`, with the articles in it."""
    database = Database.open(url, schema="inventory")
    async with database.transaction() as transaction:
        for article in ARTICLES:
            await store.add_product(transaction, article)
    return database


@pytest.fixture
def services(database: Database) -> Services:
    return Services.of(database, hold=timedelta(minutes=15))


@pytest.fixture
def inventory(services: Services) -> Inventory:
    return services.reservations


@pytest.fixture
def live(database: Database) -> Live:
    """Tells this process what changes; nobody else listens."""
    live = Live("nats://nobody.invalid", "inventory")
    live.listen_to(database)
    return live


@pytest.fixture
def ask(services: Services, live: Live) -> Callable[..., Awaitable[ExecutionResult]]:
    """Runs an operation for a user, or for nobody; "keeper" may do everything, "clerk" look at everything."""

    async def ask(query: str, user: str | None = "ada", **variables: Any) -> ExecutionResult:
        context = Context.of(ServiceRequest(caller(user) if user else None, None), services, live)
        return await schema.execute(query, variable_values=variables, context_value=context)

    return ask


def caller(user: str) -> Caller:
    scopes = {"keeper": {"inventory:write"}, "clerk": {"inventory:read"}}.get(user, set())
    return Caller(user, frozenset(scopes), {})


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
    """On hand, held and committed pieces of a SKU in all warehouses; each level equals the sums of its movements."""

    async def read(sku: str = "MUG") -> tuple[int, int, int]:
        async with database.transaction() as transaction:
            assert (await transaction.execute(UNEQUAL)).all() == []
            level = (await transaction.execute(LEVEL, {"sku": sku})).one()
        return (level.on_hand, level.held, level.committed)

    return read


LEVEL = text("""
    SELECT sum(available + held + committed + unavailable)::int AS on_hand, sum(held)::int AS held,
           sum(committed)::int AS committed
    FROM level JOIN variant ON variant.id = variant_id WHERE sku = :sku
""")
UNEQUAL = text("""
    WITH leg AS (
        SELECT variant_id, target_warehouse AS warehouse_id, target_slot AS slot, target AS bucket, quantity
        FROM movement
        UNION ALL SELECT variant_id, source_warehouse, source_slot, source, -quantity FROM movement
    ), moved AS (
        SELECT variant_id, warehouse_id, slot, bucket, sum(quantity) AS pieces
        FROM leg WHERE bucket <> 'OUTSIDE' GROUP BY variant_id, warehouse_id, slot, bucket
    ), counted AS (
        SELECT variant_id, warehouse_id, slot, upper(counts.key) AS bucket, counts.value::int AS pieces
        FROM level, jsonb_each_text(to_jsonb(level)) counts
        WHERE counts.key IN ('available', 'held', 'committed', 'unavailable', 'in_transit', 'incoming')
    )
    SELECT * FROM moved FULL JOIN counted USING (variant_id, warehouse_id, slot, bucket)
    WHERE coalesce(moved.pieces, 0) <> coalesce(counted.pieces, 0)
""")
