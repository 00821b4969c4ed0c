"""Transfers between warehouses in the graph; each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.inputs import parse_id
from subgraphs.inventory.api.context import READ_SCOPES, Info
from subgraphs.inventory.api.moving import StockLine, WarehouseNotFound, demands, obstacle, refusing, writing
from subgraphs.inventory.api.reservations import InsufficientStock, ProductNotFound
from subgraphs.inventory.api.stock import Warehouse
from subgraphs.inventory.domain import warehousing


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


SendTransferResult: TypeAlias = Annotated[
    Transfer | InsufficientStock | ProductNotFound | WarehouseNotFound | InvalidInput | IdempotencyKeyReused,
    strawberry.union("SendTransferResult"),
]
ReceiveTransferResult: TypeAlias = Annotated[
    Transfer | TransferNotFound | InvalidInput | IdempotencyKeyReused,
    strawberry.union("ReceiveTransferResult"),
]


@strawberry.type
class TransferQuery:
    @strawberry.federation.field(description="The transfer of that id.", requires_scopes=READ_SCOPES)
    async def transfer(self, info: Info, id: strawberry.ID) -> Transfer | None:  # noqa: A002 - the argument's name in the schema
        return await Transfer.resolve_reference(info, id)


@strawberry.type
class TransferMutation:
    @writing(description="Let pieces leave one warehouse for another, all or none.")
    async def send_transfer(
        self,
        info: Info,
        input: SendTransferInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> SendTransferResult:
        caller_id = info.context.require_writer()
        outcome = await refusing(
            lambda: info.context.services.transfers.send(
                caller_id, input.source, input.target, demands(input.lines), idempotency_key
            )
        )
        return Transfer.of(outcome) if isinstance(outcome, warehousing.Transfer) else obstacle(outcome)

    @writing(description="Take in what arrived of a transfer, and write off what was lost.")
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
        outcome = await refusing(
            lambda: info.context.services.transfers.receive(caller_id, parsed, arrivals, idempotency_key)
        )
        if outcome is None:
            return TransferNotFound(message="There is no such transfer")
        return Transfer.of(outcome) if isinstance(outcome, warehousing.Transfer) else outcome
