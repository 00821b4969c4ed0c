"""Which warehouses serve a demand: the fewest, and among those the ones with the first priority."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from subgraphs.inventory.domain.stock import Place, PlaceLevel


class Allocation(Struct, frozen=True):
    """Pieces that a reservation has of a place."""

    place: Place
    quantity: int


def allocate(demand: Mapping[UUID, int], levels: Sequence[PlaceLevel]) -> tuple[Allocation, ...] | None:
    """Where to take the pieces of each variant from; None when there are too few of one.

    One warehouse that has all of it is best, then one for each variant, and else as few as can be: the fullest first.
    """
    total = _by_warehouse(levels)
    warehouses = sorted({(level.priority, level.place.warehouse) for level in levels})
    for _, warehouse in warehouses:
        if all(total[variant_id, warehouse] >= quantity for variant_id, quantity in demand.items()):
            return _take_all(demand, levels, [warehouse])
    parts = [_of_variant(variant_id, quantity, levels) for variant_id, quantity in demand.items()]
    return tuple(each for part in parts if part for each in part) if all(parts) else None


def _of_variant(
    variant_id: UUID, quantity: int, levels: Sequence[PlaceLevel]
) -> tuple[Allocation, ...] | None:
    own = [level for level in levels if level.place.variant_id == variant_id]
    total = _by_warehouse(own)
    ranked = sorted({(level.priority, level.place.warehouse) for level in own})
    whole = [warehouse for _, warehouse in ranked if total[variant_id, warehouse] >= quantity]
    fullest = sorted((warehouse for _, warehouse in ranked), key=lambda name: -total[variant_id, name])
    return _take_all({variant_id: quantity}, own, whole[:1] or fullest)


def _take_all(
    demand: Mapping[UUID, int], levels: Sequence[PlaceLevel], warehouses: Sequence[str]
) -> tuple[Allocation, ...] | None:
    left, taken = dict(demand), []
    rank = {warehouse: number for number, warehouse in enumerate(warehouses)}
    for level in sorted(levels, key=lambda level: (rank.get(level.place.warehouse, -1), level.place)):
        quantity = min(left.get(level.place.variant_id, 0), level.sellable)
        if level.place.warehouse in rank and quantity > 0:
            taken.append(Allocation(level.place, quantity))
            left[level.place.variant_id] -= quantity
    return None if any(left.values()) else tuple(taken)


def _by_warehouse(levels: Sequence[PlaceLevel]) -> Mapping[tuple[UUID, str], int]:
    total: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    for level in levels:
        total[level.place.variant_id, level.place.warehouse] += level.sellable
    return total
