"""How much there is, and where."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from common.database import Database
from subgraphs.inventory.domain.stock import StockLevel
from subgraphs.inventory.store import stock as store

Levels = dict[str, StockLevel]
"""By warehouse."""


class Stock:
    """The pieces of the house."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_by_variant(self, variant_ids: Sequence[UUID]) -> dict[UUID, Levels]:
        async with self._database.transaction() as transaction:
            rows = await store.find_levels(transaction, variant_ids=variant_ids)
        found: defaultdict[UUID, Levels] = defaultdict(dict)
        for row in rows:
            found[row.variant_id][row.warehouse] = row.level
        return found

    async def find_by_product(self, product_ids: Sequence[UUID]) -> dict[UUID, Levels]:
        """The stock of each product's variants together."""
        async with self._database.transaction() as transaction:
            rows = await store.find_levels(transaction, product_ids=product_ids)
        found: defaultdict[UUID, Levels] = defaultdict(dict)
        for row in rows:
            levels = found[row.product_id]
            levels[row.warehouse] = levels.get(row.warehouse, StockLevel()) + row.level
        return found
