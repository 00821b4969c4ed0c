"""What those with the scope `inventory:write` do with stock; each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeAlias, TypeVar

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError, parse_id
from subgraphs.inventory.api.catalogue import ProductVariant
from subgraphs.inventory.api.context import READ_SCOPES, WRITE_SCOPES, Info
from subgraphs.inventory.api.reservations import (
    InsufficientStock,
    ProductNotFound,
    Reservation,
    ReservationNotFound,
)
from subgraphs.inventory.api.stock import Warehouse, WarehouseStock
from subgraphs.inventory.domain import quotas, reservations, warehousing
from subgraphs.inventory.domain.hot import PARTS
from subgraphs.inventory.domain.limits import PurchaseLimit
from subgraphs.inventory.domain.stock import VariantLevel
from subgraphs.inventory.domain.warehousing import StockMove
from subgraphs.inventory.service.moving import Done

T = TypeVar("T")

strawberry.enum(
    StockMove,
    description="EXPECT what is ordered, ARRIVE what was expected, RECEIVE what was not; SET_ASIDE what cannot be sold now,"
    " PUT_BACK or SCRAP it.",
)
_writing = partial(strawberry.federation.mutation, requires_scopes=WRITE_SCOPES)


@strawberry.type(description="The pieces are where they are to be.")
class StockMoved:
    variants: list[ProductVariant]


@strawberry.type(description="No warehouse has the id.")
class WarehouseNotFound:
    message: str
    warehouse_id: str
    code: str = "WAREHOUSE_NOT_FOUND"


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


@strawberry.type(description="There is no transfer of that id.")
class TransferNotFound:
    message: str
    code: str = "TRANSFER_NOT_FOUND"


@strawberry.type(description="Pieces on their way; what was neither received nor lost is in transit.")
class TransferLine:
    sku: str
    quantity: int
    received: int
    lost: int


@strawberry.federation.type(keys=["id"], description="Pieces that left one warehouse for another.")
class Transfer:
    id: strawberry.ID
    is_open: bool = strawberry.field(description="Whether some are in transit still.")
    created_at: datetime
    lines: list[TransferLine]
    transfer: strawberry.Private[warehousing.Transfer]

    @strawberry.field(description="Where they come from.")
    async def source(self, info: Info) -> Warehouse | None:
        return await Warehouse.resolve_reference(info, strawberry.ID(self.transfer.source))

    @strawberry.field(description="Where they go.")
    async def target(self, info: Info) -> Warehouse | None:
        return await Warehouse.resolve_reference(info, strawberry.ID(self.transfer.target))

    @classmethod
    def of(cls, transfer: warehousing.Transfer) -> "Transfer":
        lines = [
            TransferLine(sku=line.sku, quantity=line.quantity, received=line.received, lost=line.lost)
            for line in transfer.lines
        ]
        return cls(
            id=strawberry.ID(str(transfer.id)),
            is_open=transfer.is_open,
            created_at=transfer.created_at,
            lines=lines,
            transfer=transfer,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Transfer | None":  # noqa: A002 - the key field's name
        info.context.require_reader()
        parsed = parse_id(id)
        found = await info.context.loaders.transfer.load(parsed) if parsed else None
        return cls.of(found) if found else None


@strawberry.type(description="What a region may sell of a SKU without asking the others.")
class Quota:
    sku: str
    region: str
    granted: int
    used: int = strawberry.field(description="Sold or promised.")

    @classmethod
    def of(cls, quota: quotas.Quota) -> "Quota":
        return cls(sku=quota.sku, region=quota.region, granted=quota.granted, used=quota.used)


@strawberry.input
class StockLine:
    sku: str
    quantity: int


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
class SendTransferInput:
    source: str
    target: str
    lines: list[StockLine]


@strawberry.input
class ArrivalLine:
    sku: str
    received: int = 0
    lost: int = 0


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
SendTransferResult: TypeAlias = Annotated[
    Transfer | InsufficientStock | ProductNotFound | WarehouseNotFound | InvalidInput | IdempotencyKeyReused,
    strawberry.union("SendTransferResult"),
]
ReceiveTransferResult: TypeAlias = Annotated[
    Transfer | TransferNotFound | InvalidInput | IdempotencyKeyReused,
    strawberry.union("ReceiveTransferResult"),
]
ShipReservationResult: TypeAlias = Annotated[
    Reservation | ReservationNotFound, strawberry.union("ShipReservationResult")
]
PutWarehouseResult: TypeAlias = Annotated[Warehouse | InvalidInput, strawberry.union("PutWarehouseResult")]
PutBundleResult: TypeAlias = Annotated[
    ProductVariant | ProductNotFound | InvalidInput, strawberry.union("PutBundleResult")
]
SplitStockResult: TypeAlias = Annotated[
    ProductVariant | ProductNotFound | InvalidInput, strawberry.union("SplitStockResult")
]
SetPurchaseLimitResult: TypeAlias = Annotated[
    ProductVariant | ProductNotFound | InvalidInput, strawberry.union("SetPurchaseLimitResult")
]
PutQuotaResult: TypeAlias = Annotated[
    Quota | ProductNotFound | InvalidInput, strawberry.union("PutQuotaResult")
]


@strawberry.type
class WarehousingQuery:
    @strawberry.federation.field(description="The transfer of that id.", requires_scopes=READ_SCOPES)
    async def transfer(self, info: Info, id: strawberry.ID) -> Transfer | None:  # noqa: A002 - the argument's name in the schema
        return await Transfer.resolve_reference(info, id)

    @strawberry.federation.field(
        description="The quotas of some SKUs that are kept here.", requires_scopes=READ_SCOPES
    )
    async def quotas(self, info: Info, skus: list[str]) -> list[Quota]:
        info.context.require_reader()
        return [Quota.of(quota) for quota in await info.context.services.quotas.find_quotas(skus)]


@strawberry.type
class WarehousingMutation:
    @_writing(description="Move pieces between buckets of a warehouse, all or none.")
    async def move_stock(
        self,
        info: Info,
        input: MoveStockInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> MoveStockResult:
        caller_id = info.context.require_writer()
        outcome = await _refusing(
            lambda: info.context.services.warehousing.move(
                caller_id, input.move, input.warehouse, demands(input.lines), idempotency_key
            )
        )
        if isinstance(outcome, Done):
            return await moved(info, [line.sku for line in input.lines])
        return _obstacle(outcome)

    @_writing(description="Set what is available, all or none, if each is as was believed.")
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

    @_writing(description="Say what of a variant may be sold from a warehouse, and when it is low.")
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

    @_writing(description="Let what was sold leave the house.")
    async def ship_reservation(self, info: Info, id: strawberry.ID) -> ShipReservationResult:  # noqa: A002 - the argument's name in the schema
        info.context.require_writer()
        parsed = parse_id(id)
        shipped = await info.context.services.warehousing.ship(parsed) if parsed else None
        if isinstance(shipped, reservations.Reservation):
            return Reservation.of(shipped)
        return ReservationNotFound(message="There is no such reservation that is sold")

    @_writing(description="Let pieces leave one warehouse for another, all or none.")
    async def send_transfer(
        self,
        info: Info,
        input: SendTransferInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> SendTransferResult:
        caller_id = info.context.require_writer()
        outcome = await _refusing(
            lambda: info.context.services.transfers.send(
                caller_id, input.source, input.target, demands(input.lines), idempotency_key
            )
        )
        return Transfer.of(outcome) if isinstance(outcome, warehousing.Transfer) else _obstacle(outcome)

    @_writing(description="Take in what arrived of a transfer, and write off what was lost.")
    async def receive_transfer(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        lines: list[ArrivalLine],
        idempotency_key: str,
    ) -> ReceiveTransferResult:
        caller_id, parsed = info.context.require_writer(), parse_id(id)
        arrivals = [warehousing.Arrival(line.sku, line.received, line.lost) for line in lines]
        if parsed is None:
            return TransferNotFound(message="There is no such transfer")
        outcome = await _refusing(
            lambda: info.context.services.transfers.receive(caller_id, parsed, arrivals, idempotency_key)
        )
        if outcome is None:
            return TransferNotFound(message="There is no such transfer")
        return Transfer.of(outcome) if isinstance(outcome, warehousing.Transfer) else outcome

    @_writing(description="Add a warehouse, or change the one of that id.")
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

    @_writing(description="Make a variant that has no pieces a bundle of others.")
    async def put_bundle(self, info: Info, sku: str, parts: list[StockLine]) -> PutBundleResult:
        info.context.require_writer()
        try:
            outcome = await info.context.services.warehousing.put_bundle(sku, demands(parts))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return _product_not_found(outcome.sku)
        return ProductVariant.of(outcome)

    @_writing(
        description="Split an item that many want at once into parts that are sold side by side; 0 joins it again."
    )
    async def split_stock(self, info: Info, sku: str, parts: int = PARTS) -> SplitStockResult:
        info.context.require_writer()
        try:
            outcome = await info.context.services.hot.split(sku, parts)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return _product_not_found(outcome.sku)
        return ProductVariant.of(outcome)

    @_writing(
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
            return _product_not_found(outcome.sku)
        return ProductVariant.of(outcome)

    @_writing(description="Let a region sell so many pieces of a SKU without asking the others.")
    async def put_quota(self, info: Info, sku: str, region: str, granted: int) -> PutQuotaResult:
        info.context.require_writer()
        try:
            outcome = await info.context.services.quotas.put_quota(sku, region, granted)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        if isinstance(outcome, reservations.UnknownProduct):
            return _product_not_found(outcome.sku)
        return Quota.of(outcome)


def demands(lines: list[StockLine]) -> list[reservations.Demand]:
    return [reservations.Demand(line.sku, line.quantity) for line in lines]


async def _refusing(work: Callable[[], Awaitable[T]]) -> T | InvalidInput | IdempotencyKeyReused:
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


def _obstacle(
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
        return _product_not_found(outcome.sku)
    return WarehouseNotFound(message=f"There is no warehouse {outcome.id}", warehouse_id=outcome.id)


def _product_not_found(sku: str) -> ProductNotFound:
    return ProductNotFound(message=f"There is no product with the SKU {sku}", sku=sku)


def _stale(outcome: tuple[warehousing.StaleQuantity, ...]) -> StaleQuantity:
    lines = [
        StaleLine(sku=each.sku, warehouse=each.warehouse, compared=each.compared, available=each.available)
        for each in outcome
    ]
    return StaleQuantity(message="Another number of pieces is available now", lines=lines)
