"""Items that many want at once, split into parts and joined again."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.inventory.api.catalogue import ProductVariant
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.api.moving import product_not_found, writing
from subgraphs.inventory.api.reservations import ProductNotFound
from subgraphs.inventory.domain import reservations
from subgraphs.inventory.domain.hot import PARTS

SplitStockResult: TypeAlias = Annotated[
    ProductVariant | ProductNotFound | InvalidInput, strawberry.union("SplitStockResult")
]


@strawberry.type
class HotItemMutation:
    @writing(
        description="Split an item that many want at once into parts that are sold side by side; 0 joins it again."
    )
    async def split_stock(self, info: Info, sku: str, parts: int = PARTS) -> SplitStockResult:
        info.context.require_writer()
        try:
            outcome = await info.context.services.hot.split(sku, parts)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return product_not_found(outcome.sku)
        return ProductVariant.of(outcome)
