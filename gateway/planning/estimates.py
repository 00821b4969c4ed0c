"""What a selection costs to answer, as far as it can be told before a plan stands."""

from typing import NamedTuple


class Reach(NamedTuple):
    """The leaves that can be reached, the longest chain of further requests and how many there are."""

    leaves: int
    depth: int
    requests: int

    def beside(self, other: "Reach") -> "Reach":
        return Reach(self.leaves | other.leaves, max(self.depth, other.depth), self.requests + other.requests)


NOTHING = Reach(0, 0, 0)
