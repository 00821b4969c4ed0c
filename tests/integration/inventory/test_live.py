"""Guarantees 15 and 16 of inventory's README: who watches learns of a change, and low stock is told once each time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common import live as live_values
from common.app import ServiceRequest
from common.database import Database
from common.live import Live
from subgraphs.inventory.api import Context, schema
from subgraphs.inventory.domain.reservations import Demand
from subgraphs.inventory.domain.warehousing import Policy, StockMove, Warehouse
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.store import warehouses
from tests.integration.inventory.conftest import caller

Next = Callable[[], Awaitable[Any]]


@pytest.fixture
def watch(services: Services, live: Live, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Subscribes for a user; gives what asks for the next answer, which is only read when something changed."""
    monkeypatch.setattr(live_values, "INTERVAL", 3600.0)

    @asynccontextmanager
    async def watch(query: str, user: str | None = None) -> AsyncIterator[Next]:
        context = Context.of(ServiceRequest(caller(user) if user else None, None), services, live)
        answers: Any = await schema.subscribe(query, context_value=context)

        async def following() -> Any:
            async with asyncio.timeout(30):
                return await anext(answers)

        try:
            yield following
        finally:
            await answers.aclose()

    return watch


async def test_a_change_of_what_is_watched_is_seen_by_everyone_without_the_number(
    services: Services, watch: Callable[..., Any]
) -> None:
    await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 0, 2))
    async with watch(
        'subscription { stockChanged(skus: ["ROPE", "NONE"]) { sku availability } }'
    ) as following:
        assert (await following()).data == {"stockChanged": [{"sku": "ROPE", "availability": "IN_STOCK"}]}
        await services.reservations.reserve("ada", "ROPE", 4, "k")
        assert (await following()).data == {"stockChanged": [{"sku": "ROPE", "availability": "LOW"}]}
        await services.warehousing.move("eve", StockMove.SET_ASIDE, "MAIN", [Demand("ROPE", 1)], "k")
        assert (await following()).data == {"stockChanged": [{"sku": "ROPE", "availability": "OUT"}]}


async def test_low_stock_is_told_once_each_time_and_to_those_who_may_know(
    services: Services, watch: Callable[..., Any], events: Callable[..., Any]
) -> None:
    query = 'subscription { lowStock(warehouse: "MAIN") { sku level { available } } }'
    for user, code in ((None, "UNAUTHENTICATED"), ("ada", "UNAUTHORIZED")):
        async with watch(query, user) as following:
            [error] = (await following()).errors
            assert error.original_error.code == code
    await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 0, 3))
    assert await services.stock.tell_low() == 0
    async with watch(query, "clerk") as following:
        assert (await following()).data == {"lowStock": []}
        for number in range(2):
            held = await services.reservations.reserve("ada", "ROPE", 2, str(number))
            assert await asyncio.gather(services.stock.tell_low(), services.stock.tell_low()) in (
                [0, 1],
                [1, 0],
            )
            assert await services.stock.tell_low() == 0
            assert (await following()).data == {"lowStock": [{"sku": "ROPE", "level": {"available": 3}}]}
            await services.reservations.release("ada", held.id)  # type: ignore[union-attr]  # there is enough
            assert await services.stock.tell_low() == 0
            assert (await following()).data == {"lowStock": []}
    told = [payload for subject, payload in await events() if subject == "inventory.stock.low"]
    assert told == [{"sku": "ROPE", "warehouse": "MAIN", "available": 3, "low_at": 3}] * 2


async def test_each_answer_is_of_its_own_moment(services: Services, watch: Callable[..., Any]) -> None:
    await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 0, 5))
    await services.stock.tell_low()
    async with watch(
        'subscription { lowStock(warehouse: "MAIN") { warehouse { name } } }', "clerk"
    ) as following:
        assert (await following()).data == {"lowStock": [{"warehouse": {"name": "Main warehouse"}}]}
        await services.warehousing.put_warehouse(Warehouse("MAIN", "The Old Quay", "north", 1))
        await services.warehousing.set_policy("MUG", "MAIN", Policy(0, 0, 20))
        await services.stock.tell_low()
        assert (await following()).data == {"lowStock": [{"warehouse": {"name": "The Old Quay"}}] * 2}


async def test_the_parts_of_a_hot_item_are_low_together(database: Database, services: Services) -> None:
    async def crossings() -> int:
        async with database.transaction() as transaction:
            return len(await warehouses.find_crossings(transaction, 10))

    await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 0, 3))
    await services.hot.split("ROPE", 4)
    assert await crossings() == 0, "five are left, wherever they lie"
    held = await services.reservations.reserve("ada", "ROPE", 2, "k")
    assert await crossings() == await services.stock.tell_low() == 1
    assert await crossings() == 0
    await services.reservations.release("ada", held.id)  # type: ignore[union-attr]  # there is enough
    assert await crossings() == 1
    assert await services.stock.tell_low() == 0
    assert await services.stock.find_low("MAIN") == []
