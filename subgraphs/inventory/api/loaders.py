"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from subgraphs.inventory.domain import Product, Reservation, StockLevel
from subgraphs.inventory.service import Inventory

K = TypeVar("K")
V = TypeVar("V")


class Loaders:
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, inventory: Inventory) -> None:
        self.product_by_id: DataLoader[UUID, Product | None] = _by_key(
            lambda ids: inventory.find_products("id", ids)
        )
        self.product_by_sku: DataLoader[str, Product | None] = _by_key(
            lambda skus: inventory.find_products("sku", skus)
        )
        self.level: DataLoader[UUID, StockLevel | None] = _by_key(inventory.find_levels)
        self._inventory = inventory
        self._reservations: dict[int, DataLoader[str, list[Reservation]]] = {}
        self.reservation: DataLoader[UUID, Reservation | None] = _by_key(inventory.find_reservations)

    def reservations_of(self, first: int) -> DataLoader[str, list[Reservation]]:
        """The loader of an owner's newest `first` reservations; one for each length asked for."""
        if first not in self._reservations:
            self._reservations[first] = DataLoader(partial(self._load_reservations, first))
        return self._reservations[first]

    async def _load_reservations(self, first: int, owner_ids: list[str]) -> list[list[Reservation]]:
        found = await self._inventory.list_reservations(owner_ids, first)
        return [found[owner_id] for owner_id in owner_ids]


def _by_key(find: Callable[[list[K]], Awaitable[dict[K, V]]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> Sequence[V | None]:
        found = await find(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)
