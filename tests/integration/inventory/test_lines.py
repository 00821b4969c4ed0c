"""Guarantees 1 and 10 of inventory's README for reservations of several lines: all or nothing, and no deadlocks."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.database import Database
from common.inputs import InvalidInputError
from subgraphs.inventory import store
from subgraphs.inventory.domain import Article, Money
from subgraphs.inventory.domain.reservations import (
    MAX_LINES,
    Demand,
    InsufficientStock,
    Reservation,
    Shortage,
    UnknownProduct,
)
from subgraphs.inventory.service import Inventory

Stock = Callable[..., Awaitable[tuple[int, int, int]]]


async def test_all_lines_are_held_together_and_paid_as_one(inventory: Inventory, stock: Stock) -> None:
    held = await inventory.reserve_lines("ada", [Demand("ROPE", 2), Demand("MUG", 3)], "k")
    assert isinstance(held, Reservation)
    assert [(line.sku, line.quantity) for line in held.lines] == [("MUG", 3), ("ROPE", 2)]
    assert (held.quantity, held.total.amount) == (5, 3 * 1450 + 2 * 5900)
    assert (await stock("MUG"), await stock("ROPE")) == ((20, 3, 0), (5, 2, 0))


async def test_one_line_too_many_holds_nothing(inventory: Inventory, stock: Stock) -> None:
    wanted = [Demand("MUG", 3), Demand("ROPE", 6)]
    outcome = await inventory.reserve_lines("ada", wanted, "k")
    assert outcome == InsufficientStock((Shortage("ROPE", 6, 5),))
    assert (await stock("MUG"), await stock("ROPE")) == ((20, 0, 0), (5, 0, 0))
    assert await inventory.reserve_lines("ada", [Demand("MUG", 1), Demand("NONE", 1)], "l") == UnknownProduct(
        "NONE"
    )


async def test_lines_of_one_sku_are_one_demand(inventory: Inventory, stock: Stock) -> None:
    outcome = await inventory.reserve_lines("ada", [Demand("ROPE", 3), Demand("ROPE", 3)], "k")
    assert outcome == InsufficientStock((Shortage("ROPE", 6, 5),))
    held = await inventory.reserve_lines("ada", [Demand("ROPE", 3), Demand("ROPE", 2)], "l")
    assert isinstance(held, Reservation)
    assert [(line.sku, line.quantity) for line in held.lines] == [("ROPE", 5)]
    assert await stock("ROPE") == (5, 5, 0)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "lines"),
        ([Demand(f"SKU-{number}", 1) for number in range(MAX_LINES + 1)], "lines"),
        ([Demand("MUG", 1000), Demand("MUG", 1)], "quantity"),
        ([Demand("MUG", 0)], "quantity"),
        ([Demand(" ", 1)], "sku"),
    ],
)
async def test_lines_that_make_no_sense_are_refused_by_name(
    inventory: Inventory, lines: list[Demand], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await inventory.reserve_lines("ada", lines, "k")
    assert refused.value.field == field


@pytest.mark.parametrize(("second", "problem"), [("USD", "one currency"), ("EUR", "not come to more")])
async def test_what_cannot_be_paid_as_one_is_refused(
    database: Database, inventory: Inventory, stock: Stock, second: str, problem: str
) -> None:
    async with database.transaction() as transaction:
        for sku, currency in (("GOLD", "EUR"), ("SILK", second)):
            await store.add_product(transaction, Article(sku, sku, "", "", Money(2_000_000, currency), 1000))
    with pytest.raises(InvalidInputError, match=problem):
        await inventory.reserve_lines("ada", [Demand("GOLD", 1000), Demand("SILK", 1)], "k")
    assert await stock("GOLD") == (1000, 0, 0)


async def test_random_carts_never_deadlock_nor_oversell(
    database: Database, inventory: Inventory, lapse: Callable[..., Any], stock: Stock
) -> None:
    chance = random.Random(7)

    async def buy(buyer: int) -> None:
        skus = chance.sample(["MUG", "ROPE", "TEA"], chance.randint(1, 3))
        cart = [Demand(sku, chance.randint(1, 2)) for sku in skus]
        held = await inventory.reserve_lines(f"buyer-{buyer}", cart, "k")
        if isinstance(held, Reservation) and buyer % 3 == 0:
            await lapse(held.id)
        elif isinstance(held, Reservation) and buyer % 3 == 1:
            await inventory.release(held.owner_id, held.id)
        if buyer % 10 == 0:
            await inventory.expire_due()

    async with asyncio.timeout(120):
        await asyncio.gather(*(buy(buyer) for buyer in range(150)))
    async with database.transaction() as transaction:
        deadlocks = await transaction.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        assert deadlocks.scalar_one() == 0
    for sku, pieces in (("MUG", 20), ("ROPE", 5), ("TEA", 100)):
        assert (await stock(sku))[0] == pieces
