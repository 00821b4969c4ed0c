"""Reservations in the graph; each outcome of a mutation is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from common.errors import ForbiddenError
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError, parse_id
from subgraphs.inventory.api.catalogue import Product, ProductVariant
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.domain import reservations as domain
from subgraphs.inventory.domain.limits import LimitReached
from subgraphs.inventory.domain.reservations import ReservationState

strawberry.enum(
    ReservationState,
    description="A reservation is HELD, then PAYING during its checkout, and ends once in one of the others.",
)


@strawberry.type(description="Pieces of one variant in a reservation.")
class ReservationLine:
    quantity: int
    unit_price: Money = strawberry.field(description="The price when it was reserved.")
    line: strawberry.Private[domain.Line]

    @strawberry.field(description="What is reserved.")
    async def variant(self, info: Info) -> ProductVariant:
        found = await info.context.loaders.variant.load(self.line.variant_id)
        assert found is not None, "a line refers to a variant that exists"
        return ProductVariant.of(found)

    @classmethod
    def of(cls, line: domain.Line) -> "ReservationLine":
        return cls(quantity=line.quantity, unit_price=Money.of(line.unit_price), line=line)


@strawberry.federation.type(keys=["id"], description="Pieces held for someone; only they see it.")
class Reservation:
    id: strawberry.ID
    state: ReservationState
    lines: list[ReservationLine]
    quantity: int = strawberry.field(description="Pieces in all lines.")
    total: Money = strawberry.field(description="Pieces times the prices when they were reserved.")
    expires_at: datetime = strawberry.field(description="When a reservation that is HELD or PAYING ends.")
    created_at: datetime
    reservation: strawberry.Private[domain.Reservation]

    @strawberry.field(description="The product of the first line.")
    async def product(self, info: Info) -> Product:
        product = await info.context.loaders.product.load(self.reservation.lines[0].sku)
        assert product is not None, "a reservation refers to a product that exists"
        return Product.of(product)

    @strawberry.field(description="Whom it is held for.")
    def owner(self) -> "User":
        return User(id=strawberry.ID(self.reservation.owner_id))

    @classmethod
    def of(cls, reservation: domain.Reservation) -> "Reservation":
        return cls(
            id=strawberry.ID(str(reservation.id)),
            state=reservation.state,
            lines=[ReservationLine.of(line) for line in reservation.lines],
            quantity=reservation.quantity,
            total=Money.of(reservation.total),
            expires_at=reservation.expires_at,
            created_at=reservation.created_at,
            reservation=reservation,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Reservation | None":  # noqa: A002 - the key field's name
        """The caller's own reservation of that id; another's is as absent as none."""
        parsed = parse_id(id)
        found = await info.context.loaders.reservation.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.is_caller(found.owner_id) else None


@strawberry.federation.type(keys=["id"], extend=True)
class User:
    id: strawberry.ID

    @strawberry.field(description="The newest reservations first; only one's own.")
    async def reservations(self, info: Info, first: int = 20) -> list[Reservation] | None:
        if not info.context.is_caller(self.id):
            raise ForbiddenError("Only the user may see these reservations")
        found = await info.context.loaders.reservations_of.load(self.id, first)
        return [Reservation.of(reservation) for reservation in found]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)


@strawberry.type(description="More pieces of a SKU were asked for than there are.")
class StockShortage:
    sku: str
    requested: int
    available: int


@strawberry.type(description="Fewer pieces are available than were asked for; nothing is held.")
class InsufficientStock:
    message: str
    shortages: list[StockShortage]
    requested: int = strawberry.field(description="Of the first shortage.")
    available: int = strawberry.field(description="Of the first shortage.")
    code: str = "INSUFFICIENT_STOCK"

    @classmethod
    def of(cls, shortages: Sequence[domain.Shortage]) -> "InsufficientStock":
        first = shortages[0]
        message = (
            f"{first.requested} pieces of {first.sku} were asked for and {first.available} are available"
        )
        listed = [
            StockShortage(sku=each.sku, requested=each.requested, available=each.available)
            for each in shortages
        ]
        return cls(message=message, shortages=listed, requested=first.requested, available=first.available)


@strawberry.type(description="Nothing has the SKU.")
class ProductNotFound:
    message: str
    sku: str
    code: str = "PRODUCT_NOT_FOUND"


@strawberry.type(description="One person may have so many pieces of the SKU; nothing is held.")
class PurchaseLimitReached:
    message: str
    sku: str
    pieces: int = strawberry.field(description="That one person may have.")
    left: int = strawberry.field(description="That the caller may still reserve.")
    code: str = "PURCHASE_LIMIT_REACHED"


@strawberry.type(description="The caller has no reservation of that id.")
class ReservationNotFound:
    message: str
    code: str = "RESERVATION_NOT_FOUND"


@strawberry.type(description="The reservation had ended before, or is PAYING and its checkout decides.")
class ReservationEnded:
    message: str
    state: ReservationState
    code: str = "RESERVATION_ENDED"


ReserveStockResult: TypeAlias = Annotated[
    Reservation
    | InsufficientStock
    | PurchaseLimitReached
    | ProductNotFound
    | InvalidInput
    | IdempotencyKeyReused,
    strawberry.union("ReserveStockResult"),
]
ExtendReservationResult: TypeAlias = Annotated[
    Reservation | ReservationNotFound | ReservationEnded, strawberry.union("ExtendReservationResult")
]
ReleaseReservationResult: TypeAlias = Annotated[
    Reservation | ReservationNotFound | ReservationEnded, strawberry.union("ReleaseReservationResult")
]


@strawberry.input
class ReserveStockLine:
    sku: str
    quantity: int = strawberry.field(description=f"Pieces, 1 to {domain.MAX_QUANTITY}.")


@strawberry.input(description="One SKU and its quantity, or several as `lines`.")
class ReserveStockInput:
    sku: str | None = None
    quantity: int | None = strawberry.field(default=None, description=f"Pieces, 1 to {domain.MAX_QUANTITY}.")
    lines: list[ReserveStockLine] | None = strawberry.field(
        default=None, description=f"Up to {domain.MAX_LINES}, which are held all together or not at all."
    )

    def demands(self) -> list[domain.Demand]:
        """What is asked for. Raises InvalidInputError."""
        if self.lines is not None and self.sku is None and self.quantity is None:
            return [domain.Demand(line.sku, line.quantity) for line in self.lines]
        if self.lines is None and self.sku is not None and self.quantity is not None:
            return [domain.Demand(self.sku, self.quantity)]
        raise InvalidInputError("lines", "or sku and quantity must be given, and not both")


@strawberry.type
class ReservationQuery:
    @strawberry.field(description="The caller's reservation of that id.")
    async def reservation(self, info: Info, id: strawberry.ID) -> Reservation | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await Reservation.resolve_reference(info, id)


@strawberry.type
class ReservationMutation:
    @strawberry.mutation(
        description="Hold pieces for the caller; asking again with the same key holds them once."
    )
    async def reserve_stock(
        self,
        info: Info,
        input: ReserveStockInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> ReserveStockResult:
        caller_id, reservations = info.context.require_caller(), info.context.services.reservations
        try:
            outcome = await reservations.reserve_lines(caller_id, input.demands(), idempotency_key)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)
        match outcome:
            case domain.Reservation():
                return Reservation.of(outcome)
            case domain.InsufficientStock(shortages):
                return InsufficientStock.of(shortages)
            case domain.UnknownProduct(sku):
                return ProductNotFound(message=f"There is no product with the SKU {sku}", sku=sku)
            case LimitReached(sku, pieces, left):
                message = f"One person may have {pieces} pieces of {sku}: {left} more"
                return PurchaseLimitReached(message=message, sku=sku, pieces=pieces, left=left)

    @strawberry.mutation(
        description="Hold an own reservation for as long from now as a new one is held,"
        f" and for no longer in all than {domain.MAX_HOLDS} times that."
    )
    async def extend_reservation(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
    ) -> ExtendReservationResult:
        caller_id, parsed = info.context.require_caller(), parse_id(id)
        reservations = info.context.services.reservations
        return _kept(await reservations.extend(caller_id, parsed) if parsed else None)

    @strawberry.mutation(description="Give the pieces of an own reservation back.")
    async def release_reservation(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
    ) -> ReleaseReservationResult:
        caller_id, parsed = info.context.require_caller(), parse_id(id)
        reservations = info.context.services.reservations
        return _kept(await reservations.release(caller_id, parsed) if parsed else None)


def _kept(
    outcome: domain.Reservation | domain.UnknownReservation | domain.EndedReservation | None,
) -> Reservation | ReservationNotFound | ReservationEnded:
    match outcome:
        case domain.Reservation():
            return Reservation.of(outcome)
        case domain.EndedReservation(state):
            return ReservationEnded(message=f"The reservation is {state} already", state=state)
        case _:
            return ReservationNotFound(message="You have no such reservation")
