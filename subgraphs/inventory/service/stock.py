"""How much there is, and where; telling when it is low."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from common.database import Database
from common.failpoints import failpoint
from subgraphs.inventory.domain.stock import VariantLevel
from subgraphs.inventory.domain.warehousing import Warehouse
from subgraphs.inventory.events import StockLow
from subgraphs.inventory.store import stock as store
from subgraphs.inventory.store import warehouses

CROSSINGS = 100
"""Alerts of one look, so that a look is short."""

LOW = "low"
"""The topic of `common.live` by which who watches a warehouse for low stock is told."""


class Stock:
    """The pieces of the house."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_by_variant(self, variant_ids: Sequence[UUID]) -> dict[UUID, list[VariantLevel]]:
        """The stock of each variant in each warehouse that may have it."""
        async with self._database.autocommit() as transaction:
            levels = await store.find_levels(transaction, variant_ids=variant_ids)
        found: defaultdict[UUID, list[VariantLevel]] = defaultdict(list)
        for level in levels:
            found[level.variant_id].append(level)
        return found

    async def find_by_product(self, product_ids: Sequence[UUID]) -> dict[UUID, list[VariantLevel]]:
        """The stock of all variants of each product, in each warehouse."""
        async with self._database.autocommit() as transaction:
            levels = await store.find_levels(transaction, product_ids=product_ids)
        found: defaultdict[UUID, list[VariantLevel]] = defaultdict(list)
        for level in levels:
            found[level.product_id].append(level)
        return found

    async def find_low(self, warehouse: str) -> list[VariantLevel]:
        """What is low in a warehouse, by SKU."""
        async with self._database.autocommit() as transaction:
            variant_ids = await warehouses.find_low(transaction, warehouse)
            levels = await store.find_levels(transaction, variant_ids=variant_ids)
        return sorted((each for each in levels if each.warehouse == warehouse), key=lambda each: each.sku)

    async def find_warehouses(self, ids: Sequence[str]) -> dict[str, Warehouse]:
        async with self._database.autocommit() as transaction:
            return await warehouses.find_warehouses(transaction, ids)

    async def list_warehouses(self) -> list[Warehouse]:
        async with self._database.autocommit() as transaction:
            return await warehouses.list_warehouses(transaction)

    async def tell_low(self) -> int:
        """Publish an event for each place whose stock has become low since the last look; returns how many."""
        async with self._database.transaction() as transaction:
            crossings = await warehouses.find_crossings(transaction, CROSSINGS)
        count = 0
        for variant_id, warehouse in crossings:
            async with self._database.transaction() as transaction:
                low = await warehouses.cross(transaction, variant_id, warehouse)
                transaction.changed(LOW, warehouse)
                if low is not None:
                    sku, sellable, low_at = low
                    event = StockLow(sku=sku, warehouse=warehouse, available=sellable, low_at=low_at)
                    await transaction.publish(event)
                    count += 1
                failpoint("stock.low.before_commit")
        return count
