"""Stock in the graph: the numbers for those who may know them, a hint for everyone, and both as they change."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import reduce
from operator import add
from typing import Annotated

import strawberry
import strawberry.federation
from strawberry.federation.schema_directives import RequiresScopes

from common.inputs import InvalidInputError
from subgraphs.inventory.api.context import READ_SCOPES, Info
from subgraphs.inventory.domain import warehousing
from subgraphs.inventory.domain.reservations import MAX_LINES
from subgraphs.inventory.domain.stock import Availability, VariantLevel
from subgraphs.inventory.domain.stock import StockLevel as Level
from subgraphs.inventory.service.stock import LOW
from subgraphs.inventory.store.stock import CHANGED

strawberry.enum(Availability, description="How much there is to sell, without the number.")


_MOST = 2**31 - 1


@strawberry.type(
    description="Pieces, of one variant or of all of a product; a number that Int cannot say is shown as its greatest."
)
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
            on_hand=_shown(level.on_hand),
            reserved=_shown(level.held),
            committed=_shown(level.committed),
            available=_shown(level.sellable),
            unavailable=_shown(level.unavailable),
            in_transit=_shown(level.in_transit),
            incoming=_shown(level.incoming),
        )


@strawberry.federation.type(keys=["id"], description="A house with pieces.")
class Warehouse:
    id: strawberry.ID
    name: str
    region: str
    priority: int = strawberry.field(description="The lower, the sooner it is taken from.")

    @classmethod
    def of(cls, warehouse: warehousing.Warehouse) -> "Warehouse":
        return cls(
            id=strawberry.ID(warehouse.id),
            name=warehouse.name,
            region=warehouse.region,
            priority=warehouse.priority,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Warehouse | None":  # noqa: A002 - the key field's name
        found = await info.context.loaders.warehouse.load(id)
        return cls.of(found) if found else None


@strawberry.type(description="A variant's pieces in one warehouse.")
class WarehouseStock:
    sku: str
    level: StockLevel
    safety_stock: int = strawberry.field(description="Pieces that are kept from being sold.")
    backorder_limit: int = strawberry.field(description="Pieces that may be sold before they are there.")
    low_at: int = strawberry.field(description="The stock is low when no more than these are left to sell.")
    found: strawberry.Private[VariantLevel]

    @strawberry.field(description="Where they are.")
    async def warehouse(self, info: Info) -> Warehouse:
        warehouse = await Warehouse.resolve_reference(info, strawberry.ID(self.found.warehouse))
        assert warehouse is not None, "a level refers to a warehouse that exists"
        return warehouse

    @classmethod
    def of(cls, found: VariantLevel) -> "WarehouseStock":
        return cls(
            sku=found.sku,
            level=StockLevel.of(found.level),
            safety_stock=found.level.safety,
            backorder_limit=found.level.backorder_limit,
            low_at=found.level.low_at,
            found=found,
        )


@strawberry.type(description="How much of a SKU there is to sell.")
class SkuAvailability:
    sku: str
    availability: Availability


def _shown(pieces: int) -> int:
    return max(-_MOST, min(pieces, _MOST))


def together(levels: Sequence[VariantLevel] | None, region: str | None = None) -> Level:
    """The pieces in all warehouses, or in those of a region."""
    wanted = (each.level for each in levels or () if region in {None, each.region})
    return reduce(add, wanted, Level())


@strawberry.type
class StockQuery:
    @strawberry.field(description="All warehouses, in the order in which they are taken from.")
    async def warehouses(self, info: Info) -> list[Warehouse]:
        return [Warehouse.of(each) for each in await info.context.services.stock.list_warehouses()]


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The availability of each SKU that there is, now and whenever one has changed."
    )
    async def stock_changed(
        self, info: Info, skus: list[str], region: str | None = None
    ) -> AsyncGenerator[list[SkuAvailability], None]:
        if not 1 <= len(skus) <= MAX_LINES:
            raise InvalidInputError("skus", f"must be between 1 and {MAX_LINES}, not {len(skus)}")
        services = info.context.services
        found = await services.catalogue.find_variants(skus)
        variants = {sku: found[sku] for sku in skus if sku in found}
        watched = await services.catalogue.find_made_of([variant.id for variant in variants.values()])

        async def read() -> list[tuple[str, Availability]]:
            levels = await services.stock.find_by_variant([variant.id for variant in variants.values()])
            return [
                (sku, together(levels.get(variant.id), region).availability)
                for sku, variant in variants.items()
            ]

        changes = info.context.live.watch(CHANGED, map(str, watched), read)
        async with aclosing(changes):
            async for seen in changes:
                yield [SkuAvailability(sku=sku, availability=availability) for sku, availability in seen]

    @strawberry.subscription(
        description="What is low in a warehouse, a thousand SKUs at most, now and whenever that has changed.",
        directives=[RequiresScopes(scopes=READ_SCOPES)],
    )
    async def low_stock(
        self, info: Info, warehouse: Annotated[str, strawberry.argument(description="Its id.")]
    ) -> AsyncGenerator[list[WarehouseStock], None]:
        info.context.require_reader()
        stock = info.context.services.stock
        changes = info.context.live.watch(LOW, [warehouse], lambda: stock.find_low(warehouse))
        async with aclosing(changes):
            async for low in changes:
                info.context.loaders.forget()
                yield [WarehouseStock.of(each) for each in low]
