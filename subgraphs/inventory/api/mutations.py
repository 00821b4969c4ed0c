"""Inventory's mutations."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError, parse_id
from subgraphs.inventory import domain
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.api.results import (
    InsufficientStock,
    ProductNotFound,
    ReleaseReservationResult,
    ReservationEnded,
    ReservationNotFound,
    ReserveStockResult,
)
from subgraphs.inventory.api.types import Reservation


@strawberry.input
class ReserveStockInput:
    sku: str
    quantity: int = strawberry.field(description=f"Pieces, 1 to {domain.MAX_QUANTITY}.")


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Hold pieces for the caller; asking again with the same key holds them once."
    )
    async def reserve_stock(
        self,
        info: Info,
        input: ReserveStockInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> ReserveStockResult:
        caller_id = info.context.require_caller()
        try:
            outcome = await info.context.inventory.reserve(
                caller_id, input.sku, input.quantity, idempotency_key
            )
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)
        return _reserve_result(outcome)

    @strawberry.mutation(description="Give the pieces of an own reservation back.")
    async def release_reservation(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
    ) -> ReleaseReservationResult:
        caller_id = info.context.require_caller()
        parsed = parse_id(id)
        outcome = await info.context.inventory.release(caller_id, parsed) if parsed else None
        match outcome:
            case domain.Reservation():
                return Reservation.of(outcome)
            case domain.EndedReservation(state):
                return ReservationEnded(message=f"The reservation is {state} already", state=state)
            case _:
                return ReservationNotFound(message="You have no such reservation")


def _reserve_result(
    outcome: domain.Reservation | domain.InsufficientStock | domain.UnknownProduct,
) -> Reservation | InsufficientStock | ProductNotFound:
    match outcome:
        case domain.Reservation():
            return Reservation.of(outcome)
        case domain.InsufficientStock(requested, available):
            message = f"{requested} pieces were asked for and {available} are available"
            return InsufficientStock(message=message, requested=requested, available=available)
        case domain.UnknownProduct(sku):
            return ProductNotFound(message=f"There is no product with the SKU {sku}", sku=sku)
