"""Quotas of regions in the graph; each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.inventory.api.context import READ_SCOPES, Info
from subgraphs.inventory.api.moving import product_not_found, writing
from subgraphs.inventory.api.reservations import ProductNotFound
from subgraphs.inventory.domain import quotas, reservations


@strawberry.type(description="What a region may sell of a SKU without asking the others.")
class Quota:
    sku: str
    region: str
    granted: int
    used: int = strawberry.field(description="Sold or promised.")

    @classmethod
    def of(cls, quota: quotas.Quota) -> "Quota":
        return cls(sku=quota.sku, region=quota.region, granted=quota.granted, used=quota.used)


PutQuotaResult: TypeAlias = Annotated[
    Quota | ProductNotFound | InvalidInput, strawberry.union("PutQuotaResult")
]


@strawberry.type
class QuotaQuery:
    @strawberry.federation.field(
        description="The quotas of some SKUs that are kept here.", requires_scopes=READ_SCOPES
    )
    async def quotas(self, info: Info, skus: list[str]) -> list[Quota]:
        info.context.require_reader()
        return [Quota.of(quota) for quota in await info.context.services.quotas.find_quotas(skus)]


@strawberry.type
class QuotaMutation:
    @writing(description="Let a region sell so many pieces of a SKU without asking the others.")
    async def put_quota(self, info: Info, sku: str, region: str, granted: int) -> PutQuotaResult:
        info.context.require_writer()
        try:
            outcome = await info.context.services.quotas.put_quota(sku, region, granted)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return product_not_found(outcome.sku)
        return Quota.of(outcome)
