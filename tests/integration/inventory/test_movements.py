"""Guarantee 3 of inventory's README: where pieces came from and went to is told, whole and in order, to who may know."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from strawberry.types import ExecutionResult

from common.database.testing import count_statements
from subgraphs.inventory.domain import Reservation
from subgraphs.inventory.domain.movements import NEWEST
from subgraphs.inventory.domain.reservations import Demand
from subgraphs.inventory.domain.warehousing import Arrival, StockMove, Transfer, Warehouse
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.store import movements as store

Ask = Callable[..., Awaitable[ExecutionResult]]
MOVEMENTS = """query ($sku: String! = "MUG", $warehouse: String, $first: Int! = 2, $after: String) {
    stockMovements(sku: $sku, warehouse: $warehouse, first: $first, after: $after) {
        edges { cursor node {
            id quantity source target reason reference sourceWarehouse { id } targetWarehouse { id }
        } }
        pageInfo { hasNextPage endCursor }
    }
}"""


@pytest.fixture
async def moved(
    services: Services, hold: Callable[..., Awaitable[Reservation]]
) -> tuple[Reservation, Transfer]:
    """20 mugs of which 2 are reserved, 3 set aside, and 5 sent to the WEST, where 4 arrived."""
    await services.warehousing.put_warehouse(Warehouse("WEST", "West quay", "EU", 2))
    held = await hold(quantity=2)
    await services.warehousing.move("eve", StockMove.SET_ASIDE, "MAIN", [Demand("MUG", 3)], "k")
    sent = await services.transfers.send("eve", "MAIN", "WEST", [Demand("MUG", 5)], "k")
    assert isinstance(sent, Transfer)
    await services.transfers.receive("eve", sent.id, [Arrival("MUG", 4, 1)], "r")
    return held, sent


async def pages(ask: Ask, **variables: Any) -> list[dict[str, Any]]:
    """All movements, page by page."""
    found, after = [], None
    while True:
        result = await ask(MOVEMENTS, "clerk", after=after, **variables)
        assert result.errors is None
        assert result.data is not None
        page = result.data["stockMovements"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def test_movements_are_the_whole_history_of_each_piece(
    ask: Ask, services: Services, moved: tuple[Reservation, Transfer]
) -> None:
    held, sent = moved
    found = await pages(ask)
    assert [each["reason"] for each in found][-3:] == ["MOVED", "RESERVED", "DELIVERED"]
    ids = [int(each["id"]) for each in found]
    assert ids == sorted(set(ids), reverse=True)
    references = {each["reason"]: each["reference"] for each in found}
    assert references["RESERVED"] == str(held.id)
    assert references["TRANSFERRED"] == references["LOST"] == str(sent.id)
    sums: Counter[tuple[str, str]] = Counter()
    for each in found:
        sums[each["source"], each["sourceWarehouse"]["id"]] -= each["quantity"]
        sums[each["target"], each["targetWarehouse"]["id"]] += each["quantity"]
    variant = (await services.catalogue.find_variants(["MUG"]))["MUG"]
    levels = (await services.stock.find_by_variant([variant.id]))[variant.id]
    for level in levels:
        for bucket in ("available", "held", "committed", "unavailable", "in_transit"):
            assert sums[bucket.upper(), level.warehouse] == getattr(level.level, bucket)


@pytest.mark.usefixtures("moved")
async def test_those_of_a_warehouse_go_into_it_out_of_it_or_stay_in_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = await pages(ask)
    monkeypatch.setattr(store, "LOOKED", 3)  # a page that finds little goes on behind what it looked at
    for warehouse in ("MAIN", "WEST", "NONE"):
        expected = [
            each
            for each in everywhere
            if warehouse in {each["sourceWarehouse"]["id"], each["targetWarehouse"]["id"]}
        ]
        assert await pages(ask, warehouse=warehouse) == expected
        assert bool(expected) is (warehouse != "NONE")


@pytest.mark.usefixtures("moved")
async def test_a_page_is_three_statements(ask: Ask) -> None:
    with count_statements() as statements:
        await ask(MOVEMENTS, "clerk", first=50)
    assert len(statements) == 3  # the variant, its movements, their warehouses


@pytest.mark.parametrize("user", ["ada", None])
async def test_only_who_may_know_the_numbers_sees_them(ask: Ask, user: str | None) -> None:
    result = await ask(MOVEMENTS, user)
    assert result.data == {"stockMovements": None}
    assert result.errors


@pytest.mark.parametrize(
    "variables",
    [
        {"after": "x"},
        {"after": str(NEWEST + 1)},
        {"after": "9" * 5000},
        {"first": 0},
        {"warehouse": "no such"},
    ],
    ids=["text", "beyond", "long", "empty", "warehouse"],
)
async def test_what_makes_no_sense_is_refused(ask: Ask, variables: dict[str, Any]) -> None:
    result = await ask(MOVEMENTS, "clerk", **variables)
    assert result.errors
    assert result.errors[0].original_error.code == "INVALID_INPUT"  # type: ignore[union-attr]


async def test_what_nothing_has_as_its_sku_has_no_history(ask: Ask) -> None:
    for sku in ("NONE", "\0"):
        assert (await ask(MOVEMENTS, "clerk", sku=sku)).data == {"stockMovements": None}
