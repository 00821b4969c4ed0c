"""A bounded mapping that drops what was used least recently."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LeastRecentlyUsed(Generic[K, V]):
    """At most `max_entries`, whose sizes, by `size_of(key, value)`, sum up to `max_size` at most."""

    def __init__(self, *, max_entries: int, max_size: int, size_of: Callable[[K, V], int]) -> None:
        self._max_entries = max_entries
        self._max_size = max_size
        self._size_of = size_of
        self._size = 0
        self._entries: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value, which counts as used now."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Adds a value; what is larger than the whole room is not kept."""
        if key in self._entries:
            self._size -= self._size_of(key, self._entries.pop(key))
        self._entries[key] = value
        self._size += self._size_of(key, value)
        while len(self._entries) > self._max_entries or self._size > self._max_size:
            self._size -= self._size_of(*self._entries.popitem(last=False))

    def values(self) -> list[V]:
        """Those used last come last."""
        return list(self._entries.values())
