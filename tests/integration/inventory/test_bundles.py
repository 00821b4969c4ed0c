"""Guarantee 14 of inventory's README: bundles share their parts with all that sells them, and never oversell them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.database import Database
from common.inputs import InvalidInputError
from subgraphs.inventory.domain import Money
from subgraphs.inventory.domain.reservations import Demand, InsufficientStock, Reservation, Shortage
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.store import catalogue

Stock = Callable[..., Awaitable[tuple[int, int, int]]]


@pytest.fixture(autouse=True)
async def _box(services: Services, database: Database) -> None:
    """BOX is two mugs and a rope."""
    async with database.transaction() as transaction:
        await catalogue.add_variant(
            transaction, beside="MUG", sku="BOX", title="Box", price=Money(8000, "EUR")
        )
    await services.warehousing.put_bundle("BOX", [Demand("MUG", 2), Demand("ROPE", 1)])


async def available(services: Services, sku: str) -> int:
    variant = (await services.catalogue.find_variants([sku]))[sku]
    levels = (await services.stock.find_by_variant([variant.id]))[variant.id]
    return sum(each.level.sellable for each in levels)


async def test_a_bundle_is_sold_at_its_price_out_of_its_parts(services: Services, stock: Stock) -> None:
    assert await available(services, "BOX") == 5
    held = await services.reservations.reserve("ada", "BOX", 2, "k")
    assert isinstance(held, Reservation)
    assert [(line.sku, line.quantity) for line in held.lines] == [("BOX", 2)]
    assert held.total.amount == 16_000
    assert (await stock("MUG"), await stock("ROPE")) == ((20, 4, 0), (5, 2, 0))
    assert await available(services, "BOX") == 3
    await services.reservations.release("ada", held.id)
    assert (await stock("MUG"), await stock("ROPE")) == ((20, 0, 0), (5, 0, 0))


async def test_a_part_that_is_bought_beside_its_bundle_counts_with_it(
    services: Services, stock: Stock
) -> None:
    cart = [Demand("BOX", 4), Demand("ROPE", 2)]
    outcome = await services.reservations.reserve_lines("ada", cart, "k")
    assert outcome == InsufficientStock((Shortage("BOX", 4, 5), Shortage("ROPE", 2, 5)))
    assert await stock("ROPE") == (5, 0, 0)
    cart = [Demand("BOX", 4), Demand("ROPE", 1)]
    assert isinstance(await services.reservations.reserve_lines("ada", cart, "l"), Reservation)
    assert (await stock("MUG"), await stock("ROPE")) == ((20, 8, 0), (5, 5, 0))


@pytest.mark.parametrize(
    ("sku", "parts"),
    [
        ("MUG", [Demand("ROPE", 1)]),
        ("BOX", [Demand("BOX", 1)]),
        ("BOX", [Demand("MUG", 1001)]),
        ("BOX", []),
        ("CRATE", [Demand("BOX", 1)]),
    ],
)
async def test_what_cannot_be_a_bundle_is_refused(
    services: Services, database: Database, sku: str, parts: list[Any]
) -> None:
    async with database.transaction() as transaction:
        await catalogue.add_variant(
            transaction, beside="MUG", sku="CRATE", title="Crate", price=Money(1, "EUR")
        )
    with pytest.raises(InvalidInputError):
        await services.warehousing.put_bundle(sku, parts)
    assert await available(services, "BOX") == 5
