"""All use cases of inventory together, as the graph and the background work are given them."""

from dataclasses import dataclass
from datetime import timedelta

from common.database import Database
from subgraphs.inventory.service.catalogue import Catalogue
from subgraphs.inventory.service.hot import HotItems
from subgraphs.inventory.service.imports import Imports
from subgraphs.inventory.service.limits import Limits
from subgraphs.inventory.service.movements import Movements
from subgraphs.inventory.service.quotas import Quotas
from subgraphs.inventory.service.reservations import Inventory
from subgraphs.inventory.service.stock import Stock
from subgraphs.inventory.service.stocktakes import Stocktakes
from subgraphs.inventory.service.transfers import Transfers
from subgraphs.inventory.service.warehousing import Warehousing


@dataclass(frozen=True)
class Services:
    catalogue: Catalogue
    stock: Stock
    hot: HotItems
    reservations: Inventory
    warehousing: Warehousing
    transfers: Transfers
    stocktakes: Stocktakes
    imports: Imports
    quotas: Quotas
    limits: Limits
    movements: Movements

    @classmethod
    def of(cls, database: Database, hold: timedelta, region: str | None = None) -> "Services":
        """`hold` is how long a reservation waits for its payment, `region` the one whose quotas are used."""
        hot = HotItems(database)
        return cls(
            Catalogue(database),
            Stock(database),
            hot,
            Inventory(database, hold, hot, region),
            Warehousing(database),
            Transfers(database),
            Stocktakes(database),
            Imports(database),
            Quotas(database, region),
            Limits(database),
            Movements(database),
        )
