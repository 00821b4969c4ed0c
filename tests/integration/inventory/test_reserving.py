"""Guarantees 1 to 3 of inventory's README: no oversell, once for each key, by double entry."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy.exc import DBAPIError

from common.database import Database
from common.database.testing import count_statements
from common.idempotency import IdempotencyMismatch
from subgraphs.inventory.domain.reservations import (
    Demand,
    InsufficientStock,
    Reservation,
    Shortage,
    UnknownProduct,
)
from subgraphs.inventory.events import ReservationHeld
from subgraphs.inventory.service import Inventory


async def test_pieces_are_held_at_the_price_of_the_moment(
    inventory: Inventory, stock: Callable[..., Any]
) -> None:
    held = await inventory.reserve("ada", "MUG", 3, "k")
    assert isinstance(held, Reservation)
    assert (held.state, held.quantity, held.total.amount) == ("HELD", 3, 3 * 1450)
    assert held.expires_at - held.created_at == timedelta(minutes=15)
    assert await stock() == (20, 3, 0)


async def test_more_than_there_is_holds_nothing(inventory: Inventory, stock: Callable[..., Any]) -> None:
    assert await inventory.reserve("ada", "ROPE", 6, "k") == InsufficientStock((Shortage("ROPE", 6, 5),))
    assert await stock("ROPE") == (5, 0, 0)


async def test_an_unknown_sku_is_named(inventory: Inventory) -> None:
    assert await inventory.reserve("ada", "NONE", 1, "k") == UnknownProduct("NONE")


async def test_the_same_key_holds_once_and_tells_the_present_state(
    inventory: Inventory, stock: Callable[..., Any], events: Callable[..., Any]
) -> None:
    first = await inventory.reserve("ada", "MUG", 3, "k")
    assert isinstance(first, Reservation)
    await inventory.release("ada", first.id)
    again = await inventory.reserve("ada", "MUG", 3, "k")
    assert isinstance(again, Reservation)
    assert (again.id, again.state) == (first.id, "RELEASED")
    assert await stock() == (20, 0, 0)
    assert [subject for subject, _ in await events()].count("inventory.reservation.held") == 1


async def test_the_same_key_of_another_owner_is_another_key(inventory: Inventory) -> None:
    first = await inventory.reserve("ada", "MUG", 1, "k")
    second = await inventory.reserve("bob", "MUG", 1, "k")
    assert isinstance(first, Reservation)
    assert isinstance(second, Reservation)
    assert first.id != second.id


async def test_the_same_key_for_another_request_is_refused(inventory: Inventory) -> None:
    await inventory.reserve("ada", "MUG", 1, "k")
    with pytest.raises(IdempotencyMismatch):
        await inventory.reserve("ada", "MUG", 2, "k")


@pytest.mark.parametrize(
    ("lines", "held"),
    [([Demand("MUG", 2)], 2), ([Demand("MUG", 2), Demand("TEA", 1)], 2), ([Demand("MUG", 21)], 0)],
)
async def test_concurrent_duplicates_hold_once_and_are_answered_alike(
    database: Database, inventory: Inventory, stock: Callable[..., Any], lines: list[Demand], held: int
) -> None:
    answers = await asyncio.gather(*(inventory.reserve_lines("ada", lines, "k") for _ in range(20)))
    assert answers == [answers[0]] * 20
    assert await stock() == (20, held, 0)
    async with database.transaction() as transaction:
        assert (await transaction.execute("SELECT count(*) FROM idempotency")).scalar_one() == 1


async def test_an_article_is_held_with_its_key_and_its_event_in_one_statement(inventory: Inventory) -> None:
    with count_statements() as statements:
        assert isinstance(await inventory.reserve("ada", "MUG", 1, "k"), Reservation)
    assert len(statements) == 1


async def test_two_hundred_buyers_of_twenty_pieces_get_exactly_twenty(
    database: Database, database_url: str, stock: Callable[..., Any], events: Callable[..., Any]
) -> None:
    other = Database.open(database_url, schema="inventory")
    shops = [Inventory(pool, timedelta(minutes=15)) for pool in (database, other)]
    try:
        answers = await asyncio.gather(
            *(shops[buyer % 2].reserve(f"buyer-{buyer}", "MUG", 1, "k") for buyer in range(200))
        )
    finally:
        await other.close()
    assert sum(isinstance(answer, Reservation) for answer in answers) == 20
    assert sum(isinstance(answer, InsufficientStock) for answer in answers) == 180
    assert await stock() == (20, 20, 0)
    assert len(await events()) == 20


async def test_the_database_itself_refuses_to_oversell(database: Database) -> None:
    with pytest.raises(DBAPIError, match="level_available"):
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE level SET available = -1")


@pytest.mark.parametrize("change", ["UPDATE movement SET quantity = 1", "DELETE FROM movement"])
async def test_movements_cannot_be_changed(database: Database, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as transaction:
            await transaction.execute(change)


async def test_the_event_tells_what_is_due_and_of_whom(
    inventory: Inventory, events: Callable[..., Any]
) -> None:
    held = await inventory.reserve("ada", "MUG", 2, "k")
    assert isinstance(held, Reservation)
    [(subject, payload)] = await events()
    assert subject == "inventory.reservation.held"
    assert payload["reservation_id"] == str(held.id)
    assert (payload["owner_id"], payload["total_amount"], payload["currency"]) == ("ada", 2900, "EUR")


async def test_a_line_and_a_cart_are_told_of_alike(inventory: Inventory, events: Callable[..., Any]) -> None:
    lines = [Demand("MUG", 2), Demand("TEA", 1)]
    outcomes = [await inventory.reserve_lines("ada", lines[:count], str(count)) for count in (1, 2)]
    told = [msgspec.convert(payload, ReservationHeld) for _, payload in await events()]
    assert [payload.keys() for _, payload in await events()] == [set(ReservationHeld.__struct_fields__)] * 2
    assert told == [
        ReservationHeld(
            reservation_id=held.id,
            owner_id="ada",
            lines=tuple(lines[:count]),
            total_amount=held.total.amount,
            currency="EUR",
            expires_at=held.expires_at,
        )
        for count, held in enumerate(outcomes, 1)
        if isinstance(held, Reservation)
    ]
