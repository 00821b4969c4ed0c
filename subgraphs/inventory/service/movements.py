"""Where pieces came from and went to."""

from common.database import Database
from common.inputs import check_page
from subgraphs.inventory.domain.movements import MovementPage
from subgraphs.inventory.domain.warehousing import check_warehouse_id
from subgraphs.inventory.store import catalogue
from subgraphs.inventory.store import movements as store


class Movements:
    """The history of all stock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_movements(
        self, sku: str, warehouse: str | None, first: int, before: int
    ) -> MovementPage | None:
        """A page of what moved of a variant, the newest first; None when nothing has the SKU.

        Raises:
            InvalidInputError: the page, or the warehouse, cannot be one.
        """
        limit = check_page(first)
        if warehouse is not None:
            check_warehouse_id("warehouse", warehouse)
        async with self._database.autocommit() as transaction:
            variant = (await catalogue.find_variants(transaction, [sku])).get(sku)
            if variant is None:
                return None
            return await store.list_movements(
                transaction, variant.id, warehouse=warehouse, before=before, limit=limit
            )
