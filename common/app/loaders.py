"""Loaders for one request: one call, and so one SQL statement, for all the keys that its resolvers ask for at once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")


def by_key(find: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    """A loader of what `find` finds; a key that names nothing is None."""

    async def load(keys: list[K]) -> list[V | None]:
        found = await find(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


class ListLoader(Generic[K, V]):
    """Loads the first so many things of each key by `find(keys, first)`; one batch for each length asked for."""

    def __init__(self, find: Callable[[list[K], int], Awaitable[Mapping[K, list[V]]]]) -> None:
        self._find = find
        self._loaders: dict[int, DataLoader[K, list[V]]] = {}

    async def load(self, key: K, first: int) -> list[V]:
        if first not in self._loaders:
            self._loaders[first] = self._loader(first)
        return await self._loaders[first].load(key)

    def clear_all(self) -> None:
        self._loaders.clear()

    def _loader(self, first: int) -> DataLoader[K, list[V]]:
        async def load(keys: list[K]) -> list[list[V]]:
            found = await self._find(keys, first)
            return [found[key] for key in keys]

        return DataLoader(load)


class RequestLoaders:
    """The loaders of one request; a service's own are attributes of a class that derives from it."""

    def forget(self) -> None:
        """Load anew what is asked for from now on: each value of a subscription is of its own moment."""
        for loader in vars(self).values():
            loader.clear_all()
