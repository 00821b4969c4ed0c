"""Stocktakes in the graph, for those with the scope `inventory:write`."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.api.moving import (
    StockLine,
    StockMoved,
    WarehouseNotFound,
    demands,
    moved,
    unknown,
    writing,
)
from subgraphs.inventory.api.reservations import InsufficientStock, ProductNotFound
from subgraphs.inventory.domain import reservations, warehousing
from subgraphs.inventory.service import stocktakes
from subgraphs.inventory.service.moving import Done


@strawberry.type(description="A warehouse is being counted by whoever has the token.")
class Stocktake:
    warehouse: str
    token: int = strawberry.field(description="Goes with each count; that of a later stocktake is greater.")


@strawberry.type(description="Somebody counts the warehouse now.")
class StocktakeTaken:
    message: str
    code: str = "STOCKTAKE_TAKEN"


@strawberry.type(
    description="The time of the stocktake is over, and another may count now; nothing was changed."
)
class StocktakeLost:
    message: str
    code: str = "STOCKTAKE_LOST"


StartStocktakeResult: TypeAlias = Annotated[
    Stocktake | StocktakeTaken | WarehouseNotFound | InvalidInput, strawberry.union("StartStocktakeResult")
]
CountStockResult: TypeAlias = Annotated[
    StockMoved | StocktakeLost | InsufficientStock | ProductNotFound | WarehouseNotFound | InvalidInput,
    strawberry.union("CountStockResult"),
]


@strawberry.type
class StocktakeMutation:
    @writing(
        description="Begin to count a warehouse, if nobody else does; it is over five minutes after the last count."
    )
    async def start_stocktake(self, info: Info, warehouse: str) -> StartStocktakeResult:
        caller_id = info.context.require_writer()
        try:
            outcome = await info.context.services.stocktakes.start(caller_id, warehouse)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        match outcome:
            case stocktakes.Stocktake():
                return Stocktake(warehouse=outcome.warehouse, token=outcome.token)
            case stocktakes.StocktakeTaken():
                return StocktakeTaken(message="Somebody counts the warehouse now")
            case warehousing.UnknownWarehouse(id_):
                return WarehouseNotFound(message=f"There is no warehouse {id_}", warehouse_id=id_)

    @writing(
        description="So many pieces are in the house, those included that are promised; what differs is available or is not."
    )
    async def count_stock(
        self, info: Info, warehouse: str, token: int, counts: list[StockLine]
    ) -> CountStockResult:
        info.context.require_writer()
        stocktake = stocktakes.Stocktake(warehouse, token)
        try:
            outcome = await info.context.services.stocktakes.count(stocktake, demands(counts))
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        match outcome:
            case Done():
                return await moved(info, [count.sku for count in counts])
            case stocktakes.StocktakeLost():
                return StocktakeLost(message="The stocktake is over, or another's")
            case reservations.InsufficientStock(shortages):
                return InsufficientStock.of(shortages)
            case _:
                return unknown(outcome)

    @writing(description="Let others count the warehouse.")
    async def close_stocktake(self, info: Info, warehouse: str, token: int) -> bool:
        info.context.require_writer()
        await info.context.services.stocktakes.close(stocktakes.Stocktake(warehouse, token))
        return True
