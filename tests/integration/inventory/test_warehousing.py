"""Guarantees 3, 12 and 13 of inventory's README: pieces move between buckets and warehouses and are never lost sight of."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.database import Database
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.reservations import (
    Demand,
    InsufficientStock,
    Reservation,
    Shortage,
    UnknownProduct,
    UnknownReservation,
)
from subgraphs.inventory.domain.stock import StockLevel
from subgraphs.inventory.domain.warehousing import (
    Adjustment,
    Arrival,
    Policy,
    StaleQuantity,
    StockMove,
    Transfer,
    UnknownWarehouse,
    Warehouse,
)
from subgraphs.inventory.events import CheckoutAuthorised, CheckoutFailed, CheckoutStarted
from subgraphs.inventory.service.checkout import (
    on_checkout_authorised,
    on_checkout_failed,
    on_checkout_started,
)
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.service.warehousing import Done

Stock = Callable[..., Awaitable[tuple[int, int, int]]]
LevelOf = Callable[..., Awaitable[StockLevel]]


@pytest.fixture
async def second(services: Services) -> str:
    """The id of another warehouse, in another region, which is taken from after the first."""
    return (await services.warehousing.put_warehouse(Warehouse("SOUTH", "South", "US", 2))).id


@pytest.fixture
def level(services: Services, stock: Stock) -> LevelOf:
    """The stock of a SKU in a warehouse; all levels equal the sums of their movements."""

    async def level(sku: str = "MUG", warehouse: str = "MAIN") -> StockLevel:
        await stock(sku)
        variant = (await services.catalogue.find_variants([sku]))[sku]
        found = (await services.stock.find_by_variant([variant.id])).get(variant.id, [])
        return next((each.level for each in found if each.warehouse == warehouse), StockLevel())

    return level


async def test_pieces_move_between_buckets(services: Services, level: LevelOf) -> None:
    steps = (
        (StockMove.EXPECT, 7, StockLevel(available=20, incoming=7)),
        (StockMove.ARRIVE, 6, StockLevel(available=26, incoming=1)),
        (StockMove.RECEIVE, 4, StockLevel(available=30, incoming=1)),
        (StockMove.SET_ASIDE, 3, StockLevel(available=27, unavailable=3, incoming=1)),
        (StockMove.PUT_BACK, 1, StockLevel(available=28, unavailable=2, incoming=1)),
        (StockMove.SCRAP, 2, StockLevel(available=28, incoming=1)),
    )
    for move, quantity, after in steps:
        for _ in range(2):
            done = await services.warehousing.move("eve", move, "MAIN", [Demand("MUG", quantity)], move)
            assert done == Done()
            assert await level() == after, "and once for each key"


async def test_a_move_of_more_than_there_is_moves_nothing(services: Services, level: LevelOf) -> None:
    lines = [Demand("MUG", 2), Demand("ROPE", 3), Demand("ROPE", 3)]
    outcome = await services.warehousing.move("eve", StockMove.SET_ASIDE, "MAIN", lines, "k")
    assert outcome == InsufficientStock((Shortage("ROPE", 6, 5),))
    assert await level() == StockLevel(available=20)
    with pytest.raises(IdempotencyMismatch):
        await services.warehousing.move("eve", StockMove.SCRAP, "MAIN", lines, "k")
    move = services.warehousing.move
    assert await move("eve", StockMove.RECEIVE, "NONE", [Demand("MUG", 1)], "l") == UnknownWarehouse("NONE")
    assert await move("eve", StockMove.RECEIVE, "MAIN", [Demand("NONE", 1)], "m") == UnknownProduct("NONE")


async def test_an_adjustment_counts_only_if_nothing_has_changed_meanwhile(
    services: Services, level: LevelOf
) -> None:
    adjust = services.warehousing.adjust
    assert await adjust([Adjustment("MUG", "MAIN", 17, 20), Adjustment("ROPE", "MAIN", 8, 5)]) == Done()
    assert (await level("MUG"), await level("ROPE")) == (StockLevel(available=17), StockLevel(available=8))
    stale = await adjust([Adjustment("MUG", "MAIN", 1, 17), Adjustment("ROPE", "MAIN", 1, 5)])
    assert stale == (StaleQuantity("ROPE", "MAIN", 5, 8),)
    assert await level("MUG") == StockLevel(available=17), "and then for all places or none"
    answers = await asyncio.gather(*(adjust([Adjustment("MUG", "MAIN", 17 + n, 17)]) for n in (1, 2, 3)))
    assert sum(answer == Done() for answer in answers) == 1
    for changes in ([], [Adjustment("MUG", "MAIN", -1, 17)], [Adjustment("MUG", "MAIN", 1, 1)] * 2):
        with pytest.raises(InvalidInputError):
            await adjust(changes)


async def test_what_is_sent_is_in_transit_until_it_is_received_or_lost(
    services: Services, level: LevelOf, second: str
) -> None:
    lines = [Demand("MUG", 8), Demand("ROPE", 2)]
    for _ in range(2):
        sent = await services.transfers.send("eve", "MAIN", second, lines, "k")
    assert isinstance(sent, Transfer)
    assert (await level("MUG"), await level("MUG", second)) == (
        StockLevel(available=12),
        StockLevel(in_transit=8),
    )
    for _ in range(2):
        await services.transfers.receive("eve", sent.id, [Arrival("MUG", 5, 1)], "first")
    with pytest.raises(InvalidInputError, match="more of MUG than the 2"):
        await services.transfers.receive("eve", sent.id, [Arrival("MUG", 3, 0)], "too much")
    rest = [Arrival("MUG", 2, 0), Arrival("ROPE", 0, 2)]
    received = await services.transfers.receive("eve", sent.id, rest, "rest")
    assert received is not None
    assert not received.is_open
    assert [(line.sku, line.received, line.lost) for line in received.lines] == [
        ("MUG", 7, 1),
        ("ROPE", 0, 2),
    ]
    assert await level("MUG", second) == StockLevel(available=7)
    assert await level("ROPE", second) == StockLevel()
    assert await services.transfers.receive("eve", uuid4(), rest, "unknown") is None


async def test_a_transfer_of_too_much_is_none(services: Services, level: LevelOf, second: str) -> None:
    outcome = await services.transfers.send("eve", "MAIN", second, [Demand("ROPE", 6)], "k")
    assert outcome == InsufficientStock((Shortage("ROPE", 6, 5),))
    assert (await level("ROPE"), await level("ROPE", second)) == (StockLevel(available=5), StockLevel())


async def test_transfers_and_carts_that_cross_never_deadlock(
    services: Services, database: Database, second: str, stock: Stock
) -> None:
    both = [Demand("MUG", 1), Demand("ROPE", 1)]

    async def ship(number: int) -> None:
        ends = ("MAIN", second) if number % 2 else (second, "MAIN")
        sent = await services.transfers.send("eve", *ends, both, str(number))
        if isinstance(sent, Transfer):
            arrivals = [Arrival("MUG", 1, 0), Arrival("ROPE", 1, 0)]
            await services.transfers.receive("eve", sent.id, arrivals, str(number))
        await services.reservations.reserve_lines(f"buyer-{number}", both, "k")

    async with asyncio.timeout(60):
        await asyncio.gather(*(ship(number) for number in range(20)))
    async with database.transaction() as transaction:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert (await transaction.execute(query)).scalar_one() == 0
    assert (await stock("ROPE"), (await stock("MUG"))[:2]) == ((5, 5, 0), (20, 5))


async def test_a_cart_is_served_from_the_fewest_warehouses(
    services: Services, level: LevelOf, second: str
) -> None:
    await services.warehousing.move("eve", StockMove.RECEIVE, second, [Demand("ROPE", 4)], "k")
    held = await services.reservations.reserve("ada", "ROPE", 8, "k")
    assert isinstance(held, Reservation)
    assert (await level("ROPE")).held == 5
    assert (await level("ROPE", second)).held == 3
    await services.reservations.release("ada", held.id)
    assert (await level("ROPE"), await level("ROPE", second)) == (
        StockLevel(available=5),
        StockLevel(available=4),
    )


async def test_a_safety_stock_is_not_sold(services: Services, level: LevelOf) -> None:
    found = await services.warehousing.set_policy("ROPE", "MAIN", Policy(2, 0, 3))
    assert getattr(found, "level", None) == StockLevel(available=5, safety=2, low_at=3)
    outcome = await services.reservations.reserve("ada", "ROPE", 4, "k")
    assert outcome == InsufficientStock((Shortage("ROPE", 4, 3),))
    assert isinstance(await services.reservations.reserve("ada", "ROPE", 3, "l"), Reservation)
    assert (await level("ROPE")).sellable == 0


async def test_what_is_not_there_yet_is_sold_up_to_a_limit(services: Services, level: LevelOf) -> None:
    await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 3, 0))
    assert isinstance(await services.reservations.reserve("ada", "ROPE", 7, "k"), Reservation)
    assert await level("ROPE") == StockLevel(available=-2, held=7, backorder_limit=3)
    outcome = await services.reservations.reserve("ada", "ROPE", 2, "l")
    assert outcome == InsufficientStock((Shortage("ROPE", 2, 1),))
    with pytest.raises(InvalidInputError, match="sold already"):
        await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 1, 0))
    await services.warehousing.move("eve", StockMove.RECEIVE, "MAIN", [Demand("ROPE", 2)], "k")
    assert (await level("ROPE")).available == 0


async def test_what_is_sold_is_shipped_once_and_does_not_come_back_by_a_refund(
    services: Services, database: Database, level: LevelOf, hold: Callable[..., Any]
) -> None:
    held = await hold(quantity=2)
    assert await services.warehousing.ship(held.id) == UnknownReservation(), "it is not sold"
    known: dict[str, Any] = {"reservation_id": held.id, "checkout_id": UUID(int=1)}
    async with database.transaction() as transaction:
        started = CheckoutStarted(**known, payer_id="ada", expires_at=held.expires_at)
        await on_checkout_started(transaction, started)
        await on_checkout_authorised(transaction, CheckoutAuthorised(**known))
    for _ in range(2):
        shipped = await services.warehousing.ship(held.id)
        assert isinstance(shipped, Reservation)
        assert await level() == StockLevel(available=18)
    async with database.transaction() as transaction:
        await on_checkout_failed(transaction, CheckoutFailed(**known))
    assert (await services.reservations.find_reservations([held.id]))[held.id].state == "RELEASED"
    assert await level() == StockLevel(available=18)
