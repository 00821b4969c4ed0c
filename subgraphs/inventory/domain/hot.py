"""When an item is hot: its buyers wait for one another."""

from collections import defaultdict, deque

PARTS = 32
"""Rows that a hot item's pieces are split into, unless somebody says another number."""

MAX_PARTS = 64
WINDOW = 10.0
"""Seconds that are looked at."""

FEWEST = 50
"""Reservations in the window that say anything."""

THRESHOLD = 0.005
"""Seconds that one reservation in twenty has to wait for its row."""

_MAX_SAMPLES = 1000
_MAX_SKUS = 1000


class Waits:
    """How long reservations of each SKU waited lately, in this process."""

    def __init__(self) -> None:
        self._samples: defaultdict[str, deque[tuple[float, float]]] = defaultdict(
            lambda: deque(maxlen=_MAX_SAMPLES)
        )

    def note(self, sku: str, seconds: float, now: float) -> None:
        """A reservation of the SKU waited for so long; `now` is of any clock that only goes on."""
        if sku in self._samples or len(self._samples) < _MAX_SKUS:
            self._samples[sku].append((now, seconds))

    def hot(self, now: float) -> list[str]:
        """The SKUs whose buyers wait for one another; what is older than the window is forgotten."""
        for sku, samples in list(self._samples.items()):
            while samples and samples[0][0] < now - WINDOW:
                samples.popleft()
            if not samples:
                del self._samples[sku]
        return [sku for sku, samples in self._samples.items() if _is_slow([each for _, each in samples])]


def shares(pieces: int, parts: int) -> list[int]:
    """`pieces` split as evenly as can be."""
    least, more = divmod(pieces, parts)
    return [least + (number < more) for number in range(parts)]


def _is_slow(waits: list[float]) -> bool:
    return len(waits) >= FEWEST and sorted(waits)[(len(waits) * 19 - 1) // 20] > THRESHOLD
