"""Movements in the graph, for those who may know how many pieces there are."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry
import strawberry.federation

from common.app.values import PageInfo
from subgraphs.inventory.api.context import READ_SCOPES, Info
from subgraphs.inventory.api.stock import Warehouse
from subgraphs.inventory.domain.movements import MovementPage, RecordedMovement, parse_cursor
from subgraphs.inventory.domain.stock import Bucket, Reason

strawberry.enum(
    Bucket,
    name="StockBucket",
    description="Where pieces are counted; what is OUTSIDE is not, or no longer, the house's.",
)
strawberry.enum(
    Reason,
    name="StockMovementReason",
    description="Why pieces moved; SPLIT is between the parts of an item that many want at once.",
)


@strawberry.type(description="Pieces that went from one bucket to another, which can never be changed.")
class StockMovement:
    id: strawberry.ID
    quantity: int
    source: Bucket
    target: Bucket
    reason: Reason
    reference: strawberry.ID | None = strawberry.field(
        description="The reservation or the transfer that they moved for."
    )
    at: datetime
    movement: strawberry.Private[RecordedMovement]

    @strawberry.field(description="Where they were.")
    async def source_warehouse(self, info: Info) -> Warehouse | None:
        return await Warehouse.resolve_reference(info, strawberry.ID(self.movement.source_warehouse))

    @strawberry.field(description="Where they were from then on.")
    async def target_warehouse(self, info: Info) -> Warehouse | None:
        return await Warehouse.resolve_reference(info, strawberry.ID(self.movement.target_warehouse))

    @classmethod
    def of(cls, movement: RecordedMovement) -> "StockMovement":
        return cls(
            id=strawberry.ID(str(movement.id)),
            quantity=movement.quantity,
            source=movement.source,
            target=movement.target,
            reason=movement.reason,
            reference=strawberry.ID(str(movement.reference)) if movement.reference else None,
            at=movement.at,
            movement=movement,
        )


@strawberry.type
class StockMovementEdge:
    cursor: str
    node: StockMovement


@strawberry.type(
    description="A page of movements, newest first. One of a warehouse may have fewer than were asked for, and others behind it."
)
class StockMovementConnection:
    edges: list[StockMovementEdge]
    page_info: PageInfo

    @classmethod
    def of(cls, page: MovementPage) -> "StockMovementConnection":
        edges = [
            StockMovementEdge(cursor=str(each.id), node=StockMovement.of(each)) for each in page.movements
        ]
        end_cursor = None if page.end is None else str(page.end)
        return cls(edges=edges, page_info=PageInfo(has_next_page=page.has_next, end_cursor=end_cursor))


@strawberry.type
class MovementQuery:
    @strawberry.federation.field(
        description="What moved of a variant, everywhere or in one warehouse; null when nothing has the SKU.",
        requires_scopes=READ_SCOPES,
    )
    async def stock_movements(
        self, info: Info, sku: str, warehouse: str | None = None, first: int = 20, after: str | None = None
    ) -> StockMovementConnection | None:
        info.context.require_reader()
        movements = info.context.services.movements
        page = await movements.list_movements(sku, warehouse, first, parse_cursor(after))
        return StockMovementConnection.of(page) if page else None
