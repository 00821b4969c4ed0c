"""Guarantees 1 and 17 of inventory's README for items that are split: sold out exactly, and joined without a loss."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from common.database import Database
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.hot import FEWEST
from subgraphs.inventory.domain.reservations import Demand, InsufficientStock, Reservation, UnknownProduct
from subgraphs.inventory.domain.warehousing import Policy, StockMove
from subgraphs.inventory.service import hot
from subgraphs.inventory.service.services import Services

Stock = Callable[..., Awaitable[tuple[int, int, int]]]
Parts = Callable[..., Awaitable[dict[int, int]]]


@pytest.fixture
def parts(database: Database) -> Parts:
    """What is available of a SKU in each part; 0 is the whole."""

    async def read(sku: str = "MUG") -> dict[int, int]:
        query = (
            "SELECT slot, available FROM level JOIN variant ON id = variant_id WHERE sku = :sku ORDER BY slot"
        )
        async with database.transaction() as transaction:
            return {row.slot: row.available for row in await transaction.execute(query, {"sku": sku})}

    return read


async def test_a_split_item_is_sold_out_exactly(services: Services, stock: Stock, parts: Parts) -> None:
    await services.hot.split("MUG", 8)
    assert await parts() == {0: 0, **dict.fromkeys(range(1, 5), 3), **dict.fromkeys(range(5, 9), 2)}
    await services.hot.look()
    assert services.hot.skus == {"MUG"}
    buyers = [services.reservations.reserve(f"buyer-{n}", "MUG", 1 + n % 2, "k") for n in range(60)]
    answers = await asyncio.gather(*buyers)
    sold = sum(answer.quantity for answer in answers if isinstance(answer, Reservation))
    assert sold == 20
    assert sum(isinstance(answer, InsufficientStock) for answer in answers) == 60 - len(
        [answer for answer in answers if isinstance(answer, Reservation)]
    )
    assert await stock() == (20, 20, 0)


async def test_more_than_a_part_has_is_taken_of_several_and_comes_back_there(
    services: Services, stock: Stock, parts: Parts
) -> None:
    await services.hot.split("MUG", 8)
    await services.hot.look()
    before = await parts()
    held = await services.reservations.reserve("ada", "MUG", 17, "k")
    assert isinstance(held, Reservation)
    assert sum((await parts()).values()) == 3
    await services.reservations.release("ada", held.id)
    assert (await parts(), await stock()) == (before, (20, 0, 0))


async def test_a_process_that_does_not_know_sells_a_split_item_all_the_same(
    services: Services, stock: Stock
) -> None:
    await services.hot.split("MUG", 8)
    assert services.hot.skus == frozenset()
    for number in range(10):
        assert isinstance(await services.reservations.reserve("ada", "MUG", 2, str(number)), Reservation)
    assert await stock() == (20, 20, 0)


async def test_joining_while_many_buy_loses_nothing(services: Services, stock: Stock, parts: Parts) -> None:
    async def flip() -> None:
        for number in range(6):
            await services.hot.split("MUG", 8 * (number % 2))
            await services.hot.look()

    buyers = [services.reservations.reserve(f"buyer-{n}", "MUG", 1, "k") for n in range(40)]
    answers = await asyncio.gather(flip(), *buyers)
    assert sum(isinstance(answer, Reservation) for answer in answers) == 20
    await services.hot.split("MUG", 0)
    assert await stock() == (20, 20, 0)
    assert sum((await parts()).values()) == 0


async def test_the_safety_stock_stays_whole_and_new_pieces_are_shared_out(
    services: Services, parts: Parts
) -> None:
    await services.warehousing.set_policy("MUG", "MAIN", Policy(4, 0, 0))
    await services.hot.split("MUG", 2)
    assert await parts() == {0: 4, 1: 8, 2: 8}
    await services.warehousing.move("eve", StockMove.RECEIVE, "MAIN", [Demand("MUG", 64)], "k")
    await services.hot.look()
    found = await parts()
    assert (found[0], sum(found.values())) == (4, 84)


async def test_what_buyers_wait_for_is_split_and_what_is_quiet_is_joined(
    services: Services, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FEWEST):
        services.hot.note("MUG", 1.0)
        services.hot.note("ROPE", 0.0)
    await services.hot.look()
    assert services.hot.skus == {"MUG"}
    assert (await parts())[0] == 0
    monkeypatch.setattr(hot, "IDLE", timedelta(0))
    monkeypatch.setattr(services.hot, "_waits", hot.Waits())
    await services.hot.look()
    assert services.hot.skus == frozenset()
    assert (await parts())[0] == 20


async def test_what_a_reservation_waits_for_its_row_is_measured(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(services.hot, "note", lambda _, seconds: waits.append(seconds))
    async with database.transaction() as transaction:
        await transaction.execute("SELECT 1 FROM level FOR UPDATE")
        buying = asyncio.create_task(services.reservations.reserve("ada", "MUG", 1, "k"))
        await asyncio.sleep(0.3)
    assert isinstance(await buying, Reservation)
    assert 0.1 < waits[0] < 30


@pytest.mark.parametrize("number", [-1, 1, 65])
async def test_what_is_no_number_of_parts_is_refused(services: Services, number: int) -> None:
    with pytest.raises(InvalidInputError):
        await services.hot.split("MUG", number)
    assert await services.hot.split("NONE", 8) == UnknownProduct("NONE")
