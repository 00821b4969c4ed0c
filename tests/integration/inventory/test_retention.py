"""Guarantee 22 of inventory's README: what came to nothing is kept for a month; movements and sales for ever."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from common.database import Database
from subgraphs.inventory.domain import Reservation
from subgraphs.inventory.service import Inventory
from subgraphs.inventory.store.retention import RETENTION

Hold = Callable[..., Awaitable[Reservation]]


async def delete(database: Database) -> None:
    for statement in RETENTION:
        async with database.transaction() as transaction:
            await transaction.execute(statement, {"limit": 100})


async def run(database: Database, statement: str, **parameters: Any) -> Any:
    async with database.transaction() as transaction:
        return await transaction.execute(statement, parameters)


async def end(database: Database, id_: UUID, days: int, **changes: Any) -> None:
    """It ended so long ago."""
    names = ", ".join(f"{name} = :{name}" for name in changes)
    await run(
        database,
        f"UPDATE reservation SET ended_at = now() - :days * interval '1 day', {names} WHERE id = :id",
        id=id_,
        days=days,
        **changes,
    )


async def test_reservations_that_came_to_nothing_go_after_a_month(
    database: Database, inventory: Inventory, hold: Hold, stock: Callable[..., Awaitable[Any]]
) -> None:
    held = [await hold(key=f"k{number}") for number in range(6)]
    before = await stock()
    old, young, expired, paid, sold, open_ = (each.id for each in held)
    await end(database, old, 31, state="RELEASED")
    await end(database, young, 29, state="RELEASED")
    await end(database, expired, 31, state="EXPIRED")
    await end(database, paid, 31, state="RELEASED", checkout_id=uuid4())
    await end(database, sold, 31, state="COMMITTED", checkout_id=uuid4())
    await delete(database)
    found = await inventory.find_reservations([each.id for each in held])
    assert found.keys() == {young, paid, sold, open_}
    assert await stock() == before, "every movement is there still"


async def test_what_is_known_of_an_import_goes_after_a_month(database: Database) -> None:
    for file_id, days in (("old", 31), ("young", 29)):
        await run(
            database,
            "INSERT INTO import_file (id, digest, started_at) VALUES (:id, '', now() - :days * interval '1 day')",
            id=file_id,
            days=days,
        )
        await run(database, "INSERT INTO import_error VALUES (:id, 1, 'no such SKU')", id=file_id)
    await delete(database)
    for table, name in (("import_file", "id"), ("import_error", "file_id")):
        found = await run(database, f"SELECT {name} FROM {table}")
        assert found.scalars().all() == ["young"]
