"""Bundles in the graph: variants that are made of others."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.inventory.api.catalogue import ProductVariant
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.api.moving import StockLine, demands, product_not_found, writing
from subgraphs.inventory.api.reservations import ProductNotFound
from subgraphs.inventory.domain import reservations

PutBundleResult: TypeAlias = Annotated[
    ProductVariant | ProductNotFound | InvalidInput, strawberry.union("PutBundleResult")
]


@strawberry.type
class BundleMutation:
    @writing(description="Make a variant that has no pieces a bundle of others.")
    async def put_bundle(self, info: Info, sku: str, parts: list[StockLine]) -> PutBundleResult:
        info.context.require_writer()
        try:
            outcome = await info.context.services.warehousing.put_bundle(sku, demands(parts))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return product_not_found(outcome.sku)
        return ProductVariant.of(outcome)
