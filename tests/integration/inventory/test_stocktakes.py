"""Guarantee 18 of inventory's README: one counts at a time, and what is counted is so."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from common.database import Database
from subgraphs.inventory.domain.reservations import (
    Demand,
    InsufficientStock,
    Reservation,
    Shortage,
    UnknownProduct,
)
from subgraphs.inventory.domain.warehousing import UnknownWarehouse
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.service.stocktakes import Stocktake, StocktakeLost, Stocktakes, StocktakeTaken
from subgraphs.inventory.service.warehousing import Done

Stock = Callable[..., Awaitable[tuple[int, int, int]]]


async def start(stocktakes: Stocktakes) -> Stocktake:
    started = await stocktakes.start("eve", "MAIN")
    assert isinstance(started, Stocktake)
    return started


async def test_what_is_counted_is_so_whoever_it_is_promised_to(
    services: Services, hold: Callable[..., Awaitable[Reservation]], stock: Stock
) -> None:
    await hold(quantity=4)
    stocktake = await start(services.stocktakes)
    for counted in (18, 23, 23, 4):
        assert await services.stocktakes.count(stocktake, [Demand("MUG", counted)]) == Done()
        assert await stock() == (counted, 4, 0)
    short = await services.stocktakes.count(stocktake, [Demand("ROPE", 9), Demand("MUG", 3)])
    assert short == InsufficientStock((Shortage("MUG", 3, 0),)), "four are promised"
    assert await stock("ROPE") == (5, 0, 0)
    unknown = await services.stocktakes.count(stocktake, [Demand("NONE", 1)])
    assert unknown == UnknownProduct("NONE")


async def test_one_counts_at_a_time(services: Services, stock: Stock) -> None:
    stocktakes = services.stocktakes
    first = await start(stocktakes)
    assert await stocktakes.start("bob", "MAIN") == StocktakeTaken()
    assert await stocktakes.start("bob", "NONE") == UnknownWarehouse("NONE")
    await stocktakes.close(first)
    second = await start(stocktakes)
    assert second.token > first.token
    assert await stocktakes.count(first, [Demand("MUG", 1)]) == StocktakeLost()
    assert await stocktakes.count(second, [Demand("MUG", 2)]) == Done()
    assert await stock() == (2, 0, 0)


async def test_a_stocktake_whose_time_is_over_counts_nothing(database: Database, stock: Stock) -> None:
    stocktakes = Stocktakes(database, timedelta(0))
    assert await stocktakes.count(await start(stocktakes), [Demand("MUG", 1)]) == StocktakeLost()
    assert await stock() == (20, 0, 0)
