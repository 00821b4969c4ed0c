"""Quotas: what each region may sell without asking the others, and when it wants more."""

from msgspec import Struct

LOW_PART = 5
"""A region wants more when less than a fifth of what it was granted is left."""


class Quota(Struct, frozen=True):
    """A region may sell `granted` pieces of a SKU, and has sold or promised `used` of them."""

    sku: str
    region: str
    granted: int
    used: int

    @property
    def left(self) -> int:
        return self.granted - self.used


def share(left: int, wanted: int) -> int:
    """What a region that has so many left gives to one that wants so many: half of it at most."""
    return min(left // 2, wanted)
