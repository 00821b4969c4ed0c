"""Moving pieces of several SKUs at once, all or none: what work in a warehouse has in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from common.database import Transaction
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.catalogue import Variant
from subgraphs.inventory.domain.reservations import Demand, InsufficientStock, Shortage, UnknownProduct
from subgraphs.inventory.domain.stock import MAX_PIECES, Bucket, Movement, Place, Reason, StockLevel
from subgraphs.inventory.domain.warehousing import UnknownWarehouse, draw
from subgraphs.inventory.store import bundles, catalogue, stock, warehouses

Levels: TypeAlias = Sequence[tuple[Place, StockLevel]]
MovementsOf: TypeAlias = Callable[[UUID, int, Levels], list[Movement] | None]
"""From a variant, how many pieces of it are meant and its places: what moves; None when there are too few."""


class Done(Struct, frozen=True, tag=True):
    """It is done, now or by the same request before."""


async def find_all(
    transaction: Transaction, skus: Sequence[str], warehouse_ids: Sequence[str]
) -> Mapping[str, Variant] | UnknownProduct | UnknownWarehouse:
    """The variants by SKU, or the first SKU or warehouse that there is not.

    Raises:
        InvalidInputError: one that is to be in a warehouse is a bundle.
    """
    variants = await catalogue.find_variants(transaction, skus)
    known = await warehouses.find_warehouses(transaction, warehouse_ids)
    ids = [variants[sku].id for sku in skus if sku in variants]
    if warehouse_ids and await bundles.find_parts(transaction, ids):
        raise InvalidInputError("sku", "is that of a bundle, which has no pieces of its own")
    for sku in skus:
        if sku not in variants:
            return UnknownProduct(sku)
    for id_ in warehouse_ids:
        if id_ not in known:
            return UnknownWarehouse(id_)
    return {sku: variants[sku] for sku in skus}


async def move_lines(
    transaction: Transaction,
    lines: Sequence[Demand],
    source: tuple[str, Bucket],
    movements_of: MovementsOf,
    *,
    target: str | None = None,
) -> Mapping[str, Variant] | InsufficientStock | UnknownProduct | UnknownWarehouse:
    """Record what `movements_of` makes of each line; the variants by SKU, or what is missing, and nothing has moved.

    Each line is of another SKU. `source` is the warehouse whose places `movements_of` is given, locked, and the bucket that a shortage is
    told of; `target` another warehouse that pieces go to.

    Raises:
        InvalidInputError: of a bundle, or for more pieces than there may be.
    """
    warehouse, bucket = source
    ends = [warehouse] if target is None else [warehouse, target]
    variants = await find_all(transaction, [line.sku for line in lines], ends)
    if not isinstance(variants, Mapping):
        return variants
    ids = [variant.id for variant in variants.values()]
    await stock.add_levels(transaction, [Place.of(id_, end) for id_ in ids for end in ends])
    await stock.lock_variants(transaction, ids)
    levels = await stock.read_counts(transaction, ids, warehouse)
    movements, shortages = [], []
    for line in lines:
        id_ = variants[line.sku].id
        own = [(place, level) for place, level in levels if place.variant_id == id_]
        drawn = movements_of(id_, line.quantity, own)
        if drawn is None:
            there = sum(max(0, getattr(level, bucket.value.lower())) for _, level in own)
            shortages.append(Shortage(line.sku, line.quantity, there))
        else:
            movements.extend(drawn)
    if shortages:
        return InsufficientStock(tuple(shortages))
    await record(transaction, movements)
    return variants


async def record(transaction: Transaction, movements: Sequence[Movement]) -> None:
    """Move pieces of variants whose levels are locked. Raises InvalidInputError when there would be too many of one."""
    if movements:
        await stock.record(transaction, movements)
    entered = {each.place.variant_id for each in movements if each.source is Bucket.OUTSIDE}
    counted = await stock.count_pieces(transaction, list(entered)) if entered else {}
    if any(pieces > MAX_PIECES for pieces in counted.values()):
        raise InvalidInputError("quantity", f"would make more than {MAX_PIECES} pieces of a SKU")


def correction(levels: Levels, difference: int, reason: Reason) -> list[Movement] | None:
    """Movements that make so many more or fewer pieces available; None when there are too few for that."""
    if difference > 0:
        first, _ = levels[0]
        return [
            Movement(
                place=first,
                source=Bucket.OUTSIDE,
                target=Bucket.AVAILABLE,
                quantity=difference,
                reason=reason,
            )
        ]
    return draw(levels, -difference, source=Bucket.AVAILABLE, target=Bucket.OUTSIDE, reason=reason)
