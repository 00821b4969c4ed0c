"""What is done with stock in its warehouse; each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.inputs import InvalidInputError, parse_id
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.api.moving import (
    StockLine,
    StockMoved,
    WarehouseNotFound,
    demands,
    moved,
    obstacle,
    refusing,
    unknown,
    writing,
)
from subgraphs.inventory.api.reservations import (
    InsufficientStock,
    ProductNotFound,
    Reservation,
    ReservationNotFound,
)
from subgraphs.inventory.api.stock import Warehouse, WarehouseStock
from subgraphs.inventory.domain import reservations, warehousing
from subgraphs.inventory.domain.stock import VariantLevel
from subgraphs.inventory.domain.warehousing import StockMove
from subgraphs.inventory.service.moving import Done

strawberry.enum(
    StockMove,
    description="EXPECT what is ordered, ARRIVE what was expected, RECEIVE what was not; SET_ASIDE what cannot be sold now,"
    " PUT_BACK or SCRAP it.",
)


@strawberry.type(description="Another number of pieces than was compared with is available.")
class StaleLine:
    sku: str
    warehouse: str
    compared: int
    available: int


@strawberry.type(description="What is available has changed since it was looked at; nothing was adjusted.")
class StaleQuantity:
    message: str
    lines: list[StaleLine]
    code: str = "STALE_QUANTITY"


@strawberry.input
class MoveStockInput:
    move: StockMove
    warehouse: str
    lines: list[StockLine]


@strawberry.input(description="So many are available now, where so many were believed to be.")
class StockChange:
    sku: str
    warehouse: str
    quantity: int
    compare_quantity: int


@strawberry.input
class StockPolicyInput:
    sku: str
    warehouse: str
    safety_stock: int = 0
    backorder_limit: int = 0
    low_at: int = 0


@strawberry.input
class WarehouseInput:
    id: strawberry.ID
    name: str
    region: str
    priority: int


MoveStockResult: TypeAlias = Annotated[
    StockMoved
    | InsufficientStock
    | ProductNotFound
    | WarehouseNotFound
    | InvalidInput
    | IdempotencyKeyReused,
    strawberry.union("MoveStockResult"),
]
AdjustStockResult: TypeAlias = Annotated[
    StockMoved | StaleQuantity | ProductNotFound | WarehouseNotFound | InvalidInput,
    strawberry.union("AdjustStockResult"),
]
SetStockPolicyResult: TypeAlias = Annotated[
    WarehouseStock | ProductNotFound | WarehouseNotFound | InvalidInput,
    strawberry.union("SetStockPolicyResult"),
]
ShipReservationResult: TypeAlias = Annotated[
    Reservation | ReservationNotFound, strawberry.union("ShipReservationResult")
]
PutWarehouseResult: TypeAlias = Annotated[Warehouse | InvalidInput, strawberry.union("PutWarehouseResult")]


@strawberry.type
class WarehousingMutation:
    @writing(description="Move pieces between buckets of a warehouse, all or none.")
    async def move_stock(
        self,
        info: Info,
        input: MoveStockInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> MoveStockResult:
        caller_id = info.context.require_writer()
        outcome = await refusing(
            lambda: info.context.services.warehousing.move(
                caller_id, input.move, input.warehouse, demands(input.lines), idempotency_key
            )
        )
        if isinstance(outcome, Done):
            return await moved(info, [line.sku for line in input.lines])
        return obstacle(outcome)

    @writing(description="Set what is available, all or none, if each is as was believed.")
    async def adjust_stock(self, info: Info, changes: list[StockChange]) -> AdjustStockResult:
        info.context.require_writer()
        wanted = [
            warehousing.Adjustment(each.sku, each.warehouse, each.quantity, each.compare_quantity)
            for each in changes
        ]
        try:
            outcome = await info.context.services.warehousing.adjust(wanted)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        match outcome:
            case Done():
                return await moved(info, [each.sku for each in changes])
            case reservations.UnknownProduct() | warehousing.UnknownWarehouse():
                return unknown(outcome)
            case _:
                return _stale(outcome)

    @writing(description="Say what of a variant may be sold from a warehouse, and when it is low.")
    async def set_stock_policy(
        self,
        info: Info,
        input: StockPolicyInput,  # noqa: A002 - the argument's name in the schema
    ) -> SetStockPolicyResult:
        info.context.require_writer()
        policy = warehousing.Policy(input.safety_stock, input.backorder_limit, input.low_at)
        try:
            outcome = await info.context.services.warehousing.set_policy(input.sku, input.warehouse, policy)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        return WarehouseStock.of(outcome) if isinstance(outcome, VariantLevel) else unknown(outcome)

    @writing(description="Let what was sold leave the house.")
    async def ship_reservation(self, info: Info, id: strawberry.ID) -> ShipReservationResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_writer()
        parsed = parse_id(id)
        shipped = await info.context.services.warehousing.ship(parsed) if parsed else None
        if isinstance(shipped, reservations.Reservation):
            return Reservation.of(shipped)
        return ReservationNotFound(message="There is no such reservation that is sold")

    @writing(description="Add a warehouse, or change the one of that id.")
    async def put_warehouse(
        self,
        info: Info,
        input: WarehouseInput,  # noqa: A002 - the argument's name in the schema
    ) -> PutWarehouseResult:
        info.context.require_writer()
        wanted = warehousing.Warehouse(input.id, input.name, input.region, input.priority)
        try:
            return Warehouse.of(await info.context.services.warehousing.put_warehouse(wanted))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)


def _stale(outcome: tuple[warehousing.StaleQuantity, ...]) -> StaleQuantity:
    lines = [
        StaleLine(sku=each.sku, warehouse=each.warehouse, compared=each.compared, available=each.available)
        for each in outcome
    ]
    return StaleQuantity(message="Another number of pieces is available now", lines=lines)
