"""Which classes a worker asks next: stride scheduling, so that each gets its share while it has jobs and none starves.

A class's pass grows by 1/weight with each job taken from it; the class with the smallest pass comes next. One that had no
jobs for a while starts where the others are, and saves nothing up (Waldspurger and Weihl, 1995).
"""

from collections.abc import Iterable, Mapping

from common.jobs import Priority

WEIGHTS: Mapping[int, int] = {
    Priority.URGENT: 8,
    Priority.HIGH: 4,
    Priority.NORMAL: 2,
    Priority.LOW: 1,
}

Lane = tuple[str, int]
"""A queue and a class."""


class Strides:
    """Shares out places among lanes by the weights of their classes; queues have equal shares."""

    def __init__(self) -> None:
        self._passes: dict[Lane, float] = {}
        self._now = 0.0

    def allot(self, lanes: Iterable[Lane], places: int) -> dict[Lane, int]:
        """How many of `places` each of `lanes` gets; all are given away unless there are no lanes."""
        passes = {lane: max(self._passes.get(lane, 0.0), self._now) for lane in lanes}
        allotted = dict.fromkeys(passes, 0)
        for _ in range(places if passes else 0):
            lane = min(passes, key=passes.__getitem__)
            self._now = passes[lane]
            passes[lane] += 1 / WEIGHTS[lane[1]]
            allotted[lane] += 1
        self._passes = passes
        return allotted
