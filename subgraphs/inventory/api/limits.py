"""How many pieces one person may have, in the graph."""

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
from subgraphs.inventory.domain.limits import PurchaseLimit

SetPurchaseLimitResult: TypeAlias = Annotated[
    ProductVariant | ProductNotFound | InvalidInput, strawberry.union("SetPurchaseLimitResult")
]


@strawberry.type
class LimitMutation:
    @writing(
        description="Let one person have so many pieces at most in open reservations and, with `seconds`, in what was sold for so long."
        " Without `pieces` there is no limit."
    )
    async def set_purchase_limit(
        self, info: Info, sku: str, pieces: int | None = None, seconds: int = 0
    ) -> SetPurchaseLimitResult:
        info.context.require_writer()
        limit = None if pieces is None else PurchaseLimit(pieces, seconds)
        try:
            outcome = await info.context.services.limits.set_limit(sku, limit)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return product_not_found(outcome.sku)
        return ProductVariant.of(outcome)
