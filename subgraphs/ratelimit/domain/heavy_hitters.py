"""Who takes the most, of however many, in bounded memory."""

import heapq


class HeavyHitters:
    """Sums by identity, for the largest ones (Misra and Gries, Finding repeated elements, 1982; in batches).

    A sum is never too large, and too small by less than the `size`-th part of the sum of all: whoever had more is here.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._sums: dict[str, int] = {}

    def add(self, identity: str, amount: int) -> None:
        """Add to an identity's sum; a step in a dictionary, but for one in `size` new identities."""
        self._sums[identity] = self._sums.get(identity, 0) + amount
        if len(self._sums) > 2 * self._size:
            self._shrink()

    def top(self, count: int) -> list[tuple[str, int]]:
        """The identities with the largest sums, the largest first."""
        return heapq.nlargest(count, self._sums.items(), key=lambda item: item[1])

    def _shrink(self) -> None:
        """Take from each of the `size` largest and one more what the least of them has: none who is dropped had more."""
        least = heapq.nlargest(self._size + 1, self._sums.values())[-1]
        self._sums = {identity: total - least for identity, total in self._sums.items() if total > least}
