"""Guarantee 21 of inventory's README: nobody has more of a limited SKU than one person may."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from common.database import Database
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.limits import MAX_PIECES, MAX_SECONDS, LimitReached, PurchaseLimit
from subgraphs.inventory.domain.reservations import Demand, Reservation, UnknownProduct
from subgraphs.inventory.service.services import Services
from tests.integration.inventory.test_ending import sell

Hold = Callable[..., Awaitable[Reservation]]
Lapse = Callable[[UUID], Awaitable[None]]


async def test_what_is_open_counts_and_what_ended_unsold_does_not(
    services: Services, hold: Hold, lapse: Lapse
) -> None:
    await services.limits.set_limit("MUG", PurchaseLimit(3, 0))
    released, lapsed = await hold(quantity=2, key="1"), await hold(quantity=1, key="2")
    reserve = services.reservations.reserve
    assert await reserve("ada", "MUG", 1, "3") == LimitReached("MUG", 3, 0)
    assert isinstance(await reserve("bob", "MUG", 3, "3"), Reservation)
    await services.reservations.release("ada", released.id)
    await lapse(lapsed.id)
    assert await reserve("ada", "MUG", 4, "4") == LimitReached("MUG", 3, 3)
    assert isinstance(await reserve("ada", "MUG", 3, "5"), Reservation)
    assert await reserve("ada", "MUG", 1, "3") == LimitReached("MUG", 3, 0), "as it was answered before"


@pytest.mark.parametrize(("seconds", "left"), [(0, 3), (3600, 1)])
async def test_what_was_sold_counts_for_as_long_as_the_limit_says(
    services: Services, database: Database, hold: Hold, seconds: int, left: int
) -> None:
    await services.limits.set_limit("MUG", PurchaseLimit(3, seconds))
    held = await hold(quantity=2)
    await sell(database, held.id)
    assert await services.reservations.reserve("ada", "MUG", 4, "l") == LimitReached("MUG", 3, left)
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE reservation SET created_at = now() - interval '2 hours'")
    assert isinstance(await services.reservations.reserve("ada", "MUG", 3, "m"), Reservation)


@pytest.mark.parametrize("parts", [0, 8])
async def test_one_who_asks_many_times_at_once_gets_no_more(
    services: Services, stock: Callable[..., Any], parts: int
) -> None:
    await services.limits.set_limit("MUG", PurchaseLimit(3, 0))
    await services.hot.split("MUG", parts)
    await services.hot.look()
    cart = [Demand("MUG", 1), Demand("TEA", 1)]
    asked = [services.reservations.reserve("ada", "MUG", 1, f"{number}") for number in range(10)]
    asked += [services.reservations.reserve_lines("ada", cart, f"cart {number}") for number in range(10)]
    answers = await asyncio.gather(
        *asked, *(services.reservations.reserve(f"{n}", "MUG", 1, "k") for n in range(5))
    )
    assert sum(isinstance(answer, Reservation) for answer in answers[:20]) == 3
    assert all(isinstance(answer, Reservation) for answer in answers[20:])
    assert await stock() == (20, 8, 0)


async def test_a_cart_with_too_much_of_one_is_refused_whole(
    services: Services, stock: Callable[..., Any]
) -> None:
    await services.limits.set_limit("TEA", PurchaseLimit(2, 0))
    cart = [Demand("MUG", 1), Demand("TEA", 3)]
    assert await services.reservations.reserve_lines("ada", cart, "k") == LimitReached("TEA", 2, 2)
    assert await stock() == (20, 0, 0)
    await services.limits.set_limit("TEA", None)
    assert isinstance(await services.reservations.reserve_lines("ada", cart, "l"), Reservation)


@pytest.mark.parametrize(
    ("pieces", "seconds"), [(0, 0), (-1, 0), (MAX_PIECES + 1, 0), (1, -1), (1, MAX_SECONDS + 1)]
)
async def test_what_is_no_limit_is_refused(services: Services, pieces: int, seconds: int) -> None:
    with pytest.raises(InvalidInputError):
        await services.limits.set_limit("MUG", PurchaseLimit(pieces, seconds))
    assert await services.limits.set_limit("NONE", None) == UnknownProduct("NONE")


async def test_keepers_set_limits_and_buyers_see_them(ask: Callable[..., Any]) -> None:
    limit = """mutation { setPurchaseLimit(sku: "MUG", pieces: 2, seconds: 60) {
        ... on ProductVariant { purchaseLimit { pieces seconds } } } }"""
    assert (await ask(limit, "ada")).errors
    done = await ask(limit, "keeper")
    assert done.data == {"setPurchaseLimit": {"purchaseLimit": {"pieces": 2, "seconds": 60}}}
    reserve = """mutation { reserveStock(input: {sku: "MUG", quantity: 3}, idempotencyKey: "k") {
        ... on PurchaseLimitReached { code sku pieces left } } }"""
    refused = {"code": "PURCHASE_LIMIT_REACHED", "sku": "MUG", "pieces": 2, "left": 2}
    assert (await ask(reserve)).data == {"reserveStock": refused}
    products = await ask('{ product(sku: "MUG") { variants { purchaseLimit { pieces } } } }', None)
    assert products.data == {"product": {"variants": [{"purchaseLimit": {"pieces": 2}}]}}
    bad = 'mutation { setPurchaseLimit(sku: "MUG", pieces: 0) { __typename ... on InvalidInput { field } } }'
    assert (await ask(bad, "keeper")).data == {
        "setPurchaseLimit": {"__typename": "InvalidInput", "field": "pieces"}
    }
