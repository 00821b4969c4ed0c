"""Stock in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Mapping
from functools import reduce
from operator import add

import strawberry

from subgraphs.inventory.domain.stock import StockLevel as Level


@strawberry.type(description="Pieces, of one variant or of all of a product.")
class StockLevel:
    on_hand: int = strawberry.field(description="In the house, whoever they are promised to.")
    reserved: int = strawberry.field(description="Held by reservations that wait for their payment.")
    committed: int = strawberry.field(description="Sold and not shipped yet.")
    available: int = strawberry.field(description="Free to be reserved.")
    unavailable: int = strawberry.field(description="Damaged, or being looked at.")
    in_transit: int = strawberry.field(description="On the way from another warehouse.")
    incoming: int = strawberry.field(description="Ordered from a supplier.")

    @classmethod
    def of(cls, level: Level) -> "StockLevel":
        return cls(
            on_hand=level.on_hand,
            reserved=level.held,
            committed=level.committed,
            available=level.sellable,
            unavailable=level.unavailable,
            in_transit=level.in_transit,
            incoming=level.incoming,
        )


@strawberry.type(description="Pieces in one warehouse.")
class WarehouseStock:
    warehouse: str = strawberry.field(description="Its id.")
    level: StockLevel


def together(levels: Mapping[str, Level] | None) -> Level:
    """The pieces in all warehouses."""
    return reduce(add, (levels or {}).values(), Level())
