"""What a mutation may come to, besides success: each outcome is a type with a code that stays the same."""

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from subgraphs.inventory.api.types import Reservation
from subgraphs.inventory.domain import ReservationState


@strawberry.type(description="Fewer pieces are available than were asked for; nothing is held.")
class InsufficientStock:
    message: str
    requested: int
    available: int
    code: str = "INSUFFICIENT_STOCK"


@strawberry.type(description="No product has the SKU.")
class ProductNotFound:
    message: str
    sku: str
    code: str = "PRODUCT_NOT_FOUND"


@strawberry.type(description="The caller has no reservation of that id.")
class ReservationNotFound:
    message: str
    code: str = "RESERVATION_NOT_FOUND"


@strawberry.type(description="The reservation had ended before.")
class ReservationEnded:
    message: str
    state: ReservationState
    code: str = "RESERVATION_ENDED"


ReserveStockResult: TypeAlias = Annotated[
    Reservation | InsufficientStock | ProductNotFound | InvalidInput | IdempotencyKeyReused,
    strawberry.union("ReserveStockResult"),
]
ReleaseReservationResult: TypeAlias = Annotated[
    Reservation | ReservationNotFound | ReservationEnded, strawberry.union("ReleaseReservationResult")
]
