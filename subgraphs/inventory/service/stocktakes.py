"""Stocktakes: one person at a time counts a warehouse, and what is counted is so.

Whoever starts one holds a lease, and the token of it goes with each count. A counter who was away for longer than the lease
lasts, and whose warehouse another counts now, is refused by the token, not by the clock on anyone's wall.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.leases import Lease, LeaseLostError, Leases, fence
from subgraphs.inventory.domain.reservations import Demand, InsufficientStock, UnknownProduct
from subgraphs.inventory.domain.stock import Bucket, Movement, Reason
from subgraphs.inventory.domain.warehousing import UnknownWarehouse, check_batch, check_warehouse_id
from subgraphs.inventory.service.moving import Done, Levels, correction, move_lines
from subgraphs.inventory.store import warehouses

TTL = timedelta(minutes=5)
"""How long a counter may say nothing; each count holds the stocktake for as long again."""


class Stocktake(Struct, frozen=True):
    """A warehouse is being counted by whoever has the token."""

    warehouse: str
    token: int


class StocktakeLost(Struct, frozen=True):
    """Another counts, or counted meanwhile, or the time is over: nothing was changed."""


class StocktakeTaken(Struct, frozen=True):
    """Somebody counts the warehouse now."""


class Stocktakes:
    """`ttl` is how long a stocktake goes on without a count."""

    def __init__(self, database: Database, ttl: timedelta = TTL) -> None:
        self._database = database
        self._leases = Leases(database)
        self._ttl = ttl

    async def start(self, caller_id: str, warehouse: str) -> Stocktake | StocktakeTaken | UnknownWarehouse:
        """Begin to count a warehouse, if nobody else does. Raises InvalidInputError."""
        async with self._database.transaction() as transaction:
            known = await warehouses.find_warehouses(
                transaction, [check_warehouse_id("warehouse", warehouse)]
            )
        if warehouse not in known:
            return UnknownWarehouse(warehouse)
        lease = await self._leases.acquire(_name(warehouse), caller_id, self._ttl)
        return StocktakeTaken() if lease is None else Stocktake(warehouse, lease.token)

    async def count(
        self, stocktake: Stocktake, counts: Sequence[Demand]
    ) -> Done | StocktakeLost | InsufficientStock | UnknownProduct | UnknownWarehouse:
        """So many pieces of each SKU are in the house, whoever they are promised to: what differs is available or is not.

        Raises:
            InvalidInputError: the counts make no sense.
        """
        checked = check_batch(counts, least=0)
        lease = self._lease(stocktake)
        try:
            await self._leases.renew(lease)
            failpoint("stock.count.before_fence")
            async with self._database.transaction() as transaction:
                await fence(transaction, lease)
                outcome = await _count(transaction, stocktake.warehouse, checked)
                failpoint("stock.count.before_commit")
                return outcome
        except LeaseLostError:
            return StocktakeLost()

    async def close(self, stocktake: Stocktake) -> None:
        """Let others count. Raises InvalidInputError."""
        await self._leases.release(self._lease(stocktake))

    def _lease(self, stocktake: Stocktake) -> Lease:
        warehouse = check_warehouse_id("warehouse", stocktake.warehouse)
        return Lease(_name(warehouse), stocktake.token, self._ttl)


async def _count(
    transaction: Transaction, warehouse: str, counts: Sequence[Demand]
) -> Done | InsufficientStock | UnknownProduct | UnknownWarehouse:
    def movements_of(_: UUID, counted: int, levels: Levels) -> list[Movement] | None:
        return correction(levels, counted - sum(level.on_hand for _, level in levels), Reason.COUNTED)

    outcome = await move_lines(transaction, counts, (warehouse, Bucket.AVAILABLE), movements_of)
    return Done() if isinstance(outcome, Mapping) else outcome


def _name(warehouse: str) -> str:
    return f"stocktake of {warehouse}"
