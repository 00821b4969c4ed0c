"""Headers that a plugin may change: names in lower case, in the order in which they came, each as often as it came."""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Self


class Headers(MutableMapping[str, str]):
    """A mapping whose value is the last of a name's; names are found however they are written."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = [(name.lower(), value) for name, value in pairs]

    @classmethod
    def from_bytes(cls, pairs: Iterable[tuple[bytes, bytes]]) -> Self:
        """ASGI's headers."""
        return cls((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)

    def all(self, name: str) -> list[str]:
        """Every value of a name."""
        return [value for key, value in self._pairs if key == name.lower()]

    def add(self, name: str, value: str) -> None:
        """One more value, beside those that are there."""
        self._pairs.append((name.lower(), value))

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All of them."""
        return tuple(self._pairs)

    def to_bytes(self) -> list[tuple[bytes, bytes]]:
        """ASGI's headers. Raises UnicodeEncodeError for what is not Latin-1."""
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._pairs]

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return values[-1]

    def __setitem__(self, name: str, value: str) -> None:
        self._drop(name)
        self.add(name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._drop(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __len__(self) -> int:
        return len({name for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"

    def _drop(self, name: str) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0] != name.lower()]
