"""What moving pieces comes to, and what all that do so share; who may is asked for the scope `inventory:write`."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from subgraphs.inventory.api.catalogue import ProductVariant
from subgraphs.inventory.api.context import WRITE_SCOPES, Info
from subgraphs.inventory.api.reservations import InsufficientStock, ProductNotFound
from subgraphs.inventory.domain import reservations, warehousing

T = TypeVar("T")

writing = partial(strawberry.federation.mutation, requires_scopes=WRITE_SCOPES)


@strawberry.type(description="The pieces are where they are to be.")
class StockMoved:
    variants: list[ProductVariant]


@strawberry.type(description="No warehouse has the id.")
class WarehouseNotFound:
    message: str
    warehouse_id: str
    code: str = "WAREHOUSE_NOT_FOUND"


@strawberry.input
class StockLine:
    sku: str
    quantity: int


def demands(lines: list[StockLine]) -> list[reservations.Demand]:
    return [reservations.Demand(line.sku, line.quantity) for line in lines]


async def refusing(work: Callable[[], Awaitable[T]]) -> T | InvalidInput | IdempotencyKeyReused:
    """What `work` gives, or the refusal as a member of the result."""
    try:
        return await work()
    except InvalidInputError as refusal:
        return InvalidInput(message=refusal.message, field=refusal.field)
    except IdempotencyMismatch as refusal:
        return IdempotencyKeyReused(message=refusal.message)


async def moved(info: Info, skus: list[str]) -> StockMoved:
    asked = dict.fromkeys(sku.strip() for sku in skus)
    found = await info.context.services.catalogue.find_variants(list(asked))
    return StockMoved(variants=[ProductVariant.of(found[sku]) for sku in asked])


def obstacle(
    outcome: reservations.InsufficientStock
    | reservations.UnknownProduct
    | warehousing.UnknownWarehouse
    | InvalidInput
    | IdempotencyKeyReused,
) -> InsufficientStock | ProductNotFound | WarehouseNotFound | InvalidInput | IdempotencyKeyReused:
    match outcome:
        case reservations.InsufficientStock(shortages):
            return InsufficientStock.of(shortages)
        case reservations.UnknownProduct() | warehousing.UnknownWarehouse():
            return unknown(outcome)
        case _:
            return outcome


def unknown(
    outcome: reservations.UnknownProduct | warehousing.UnknownWarehouse,
) -> ProductNotFound | WarehouseNotFound:
    if isinstance(outcome, reservations.UnknownProduct):
        return product_not_found(outcome.sku)
    return WarehouseNotFound(message=f"There is no warehouse {outcome.id}", warehouse_id=outcome.id)


def product_not_found(sku: str) -> ProductNotFound:
    return ProductNotFound(message=f"There is no product with the SKU {sku}", sku=sku)
