"""What deferred parts select (@defer), kept until all that is asked at once has its fetches."""

from collections.abc import Iterator, Sequence

from gateway.planning.plan import Path
from gateway.planning.selection import Selection
from gateway.planning.tasks import Target


class Deferrals:
    """Deferred selections with the objects that they are for, in the order in which they were found."""

    def __init__(self) -> None:
        self._targets: dict[tuple[Path, Selection], list[Target]] = {}

    def add(self, at: Target, selections: Sequence[Selection]) -> None:
        """Several fetches may have the same objects: a deferred selection can start from any of them."""
        for selection in selections:
            self._targets.setdefault((at.path, selection), []).append(at)

    def __iter__(self) -> Iterator[tuple[list[Target], Selection]]:
        """Those that are added meanwhile too."""
        done: set[tuple[Path, Selection]] = set()
        while key := next((key for key in self._targets if key not in done), None):
            done.add(key)
            yield self._targets[key], key[1]
